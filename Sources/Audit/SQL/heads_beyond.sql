-- The largest tell enough.
SELECT size, root, note FROM log.checkpoint WHERE organization_id = $1 AND size > $2 ORDER BY size DESC LIMIT 100
