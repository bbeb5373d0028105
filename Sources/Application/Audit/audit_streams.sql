-- Stream by stream, on the index that keeps their versions unique.
SELECT organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle
FROM log.event
WHERE organization_id = $1 AND (stream_id, version) > ($2, $3)
ORDER BY stream_id, version
LIMIT $4
