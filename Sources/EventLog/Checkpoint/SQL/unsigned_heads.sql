-- The logs that do not end with their last signed head: most of them have grown, one that is shorter was cut. By
-- jumping from one to the next on the primary key.
WITH RECURSIVE organization (id) AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.id ORDER BY e.organization_id LIMIT 1)
    FROM organization o WHERE o.id IS NOT NULL
)
SELECT o.id
FROM organization o
CROSS JOIN LATERAL (
    SELECT position FROM log.event WHERE organization_id = o.id ORDER BY position DESC LIMIT 1
) e
LEFT JOIN LATERAL (
    SELECT size FROM log.checkpoint WHERE organization_id = o.id ORDER BY size DESC LIMIT 1
) c ON true
WHERE o.id IS NOT NULL AND e.position <> coalesce(c.size, 0)
