-- Each organization and its last position: a hop per organization over the primary key, never a scan of the log.
WITH RECURSIVE organization AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.organization_id ORDER BY e.organization_id LIMIT 1
    ) FROM organization o WHERE o.organization_id IS NOT NULL
)
SELECT o.organization_id, (
    SELECT e.position FROM log.event e WHERE e.organization_id = o.organization_id ORDER BY e.position DESC LIMIT 1
) FROM organization o WHERE o.organization_id IS NOT NULL
