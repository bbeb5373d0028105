SELECT u.organization, e.position, e.leaf, e.recorded_at
FROM unnest($1::uuid[], $2::bigint[]) u (organization, position)
CROSS JOIN LATERAL (
    SELECT position, substring(merkle FROM 1 FOR 32) AS leaf, recorded_at
    FROM log.event WHERE organization_id = u.organization ORDER BY position DESC LIMIT 1
) e
WHERE e.position > u.position
