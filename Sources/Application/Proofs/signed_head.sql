-- The last signed head of at most so many events.
SELECT size, root, note, signed_at
FROM log.checkpoint
WHERE organization_id = $1 AND size <= $2
ORDER BY size DESC
LIMIT 1
