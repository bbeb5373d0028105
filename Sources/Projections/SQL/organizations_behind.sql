-- The organizations with events that some live projection has not seen, and up to where all have.
WITH RECURSIVE organization AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.organization_id ORDER BY e.organization_id LIMIT 1
    ) FROM organization o WHERE o.organization_id IS NOT NULL
), live AS (
    SELECT name FROM read.projection WHERE state = 'live'
)
SELECT h.organization_id, min(coalesce(p.position, 0))
FROM (
    SELECT o.organization_id, (
        SELECT e.position FROM log.event e
        WHERE e.organization_id = o.organization_id ORDER BY e.position DESC LIMIT 1
    ) AS position
    FROM organization o WHERE o.organization_id IS NOT NULL
) h
CROSS JOIN live
LEFT JOIN read.progress p ON p.projection = live.name AND p.organization_id = h.organization_id
WHERE p.position IS NULL OR p.position < h.position
GROUP BY h.organization_id
