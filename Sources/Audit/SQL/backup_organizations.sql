-- Each organization with a log, by jumping from one to the next on the primary key.
WITH RECURSIVE organization (id) AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.id ORDER BY e.organization_id LIMIT 1)
    FROM organization o WHERE o.id IS NOT NULL
)
SELECT id FROM organization WHERE id IS NOT NULL
