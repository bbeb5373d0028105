-- The log's head and the first bytes of its leaf hash.
SELECT e.position, substr(e.merkle, 1, 8)
FROM log.event e
WHERE e.organization_id = $1
ORDER BY e.position DESC
LIMIT 1
