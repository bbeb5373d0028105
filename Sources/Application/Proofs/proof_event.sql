-- The order is what only the primary key serves (see refuse_gap in schemas/log).
SELECT organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle
FROM log.event
WHERE organization_id = $1 AND position <= $2
ORDER BY position DESC
LIMIT 1
