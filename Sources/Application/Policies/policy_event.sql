-- The first event after $2 and up to $3 that concerns a policy.
SELECT organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle
FROM log.event
WHERE organization_id = $1 AND position > $2 AND position <= $3 AND type = ANY ($4)
ORDER BY position
LIMIT 1
