-- Each organization's head, by jumping from one to the next on the primary key: some microseconds each, however long
-- the logs are.
WITH RECURSIVE organization (id) AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.id ORDER BY e.organization_id LIMIT 1)
    FROM organization o WHERE o.id IS NOT NULL
)
SELECT o.id, e.position, e.leaf, e.recorded_at
FROM organization o
CROSS JOIN LATERAL (
    SELECT position, substring(merkle FROM 1 FOR 32) AS leaf, recorded_at
    FROM log.event WHERE organization_id = o.id ORDER BY position DESC LIMIT 1
) e
WHERE o.id IS NOT NULL
