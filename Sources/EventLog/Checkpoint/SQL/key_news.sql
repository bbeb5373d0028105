-- What organizations' own streams hold beyond the versions that are known; the data only of what names a key.
SELECT u.organization, e.version, e.position, e.type,
    CASE WHEN e.type IN ('organization.created', 'organization.log_key_changed') THEN e.data END
FROM unnest($1::uuid[], $2::int[]) u (organization, version)
CROSS JOIN LATERAL (
    SELECT version, position, type, data FROM log.event
    WHERE organization_id = u.organization AND stream_id = u.organization AND version > u.version
    ORDER BY version
) e
