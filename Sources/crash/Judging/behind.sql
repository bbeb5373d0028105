SELECT count(*)
FROM read.projection n
CROSS JOIN (SELECT organization_id, max(position) AS position FROM log.event GROUP BY organization_id) h
LEFT JOIN read.progress p ON p.projection = n.name AND p.organization_id = h.organization_id
WHERE p.position IS DISTINCT FROM h.position
