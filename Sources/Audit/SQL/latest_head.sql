SELECT size, root, note FROM log.checkpoint WHERE organization_id = $1 ORDER BY size DESC LIMIT 1
