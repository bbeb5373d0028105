SELECT u.organization, u.stream, e.version, e.occurred_at
FROM unnest($1::uuid[], $2::uuid[]) u (organization, stream)
LEFT JOIN LATERAL (
    SELECT version, occurred_at
    FROM log.event WHERE organization_id = u.organization AND stream_id = u.stream ORDER BY version DESC LIMIT 1
) e ON true
