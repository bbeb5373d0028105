-- What a log says of the keys that sign its heads.
SELECT position, type, data
FROM log.event
WHERE organization_id = $1 AND stream_id = $1 AND type IN ('organization.created', 'organization.log_key_changed')
ORDER BY version
