SELECT organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle
FROM log.event
WHERE organization_id = $1 AND stream_id = $1 AND type IN ('organization.created', 'organization.log_key_changed')
ORDER BY version
