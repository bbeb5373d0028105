-- The head signed last of each log that has one.
SELECT u.organization, c.size, c.note
FROM unnest($1::uuid[]) u (organization)
CROSS JOIN LATERAL (
    SELECT size, note FROM log.checkpoint WHERE organization_id = u.organization ORDER BY size DESC LIMIT 1
) c
