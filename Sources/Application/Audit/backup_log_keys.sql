-- What an organization's log says of its keys, from the first event on.
SELECT type, data, position FROM log.event
WHERE organization_id = $1 AND stream_id = $1 AND type IN ('organization.created', 'organization.log_key_changed')
ORDER BY version
