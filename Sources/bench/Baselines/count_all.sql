COPY (
    SELECT organization_id, position, stream_id, version, type, schema, data, private, meta,
        occurred_at, recorded_at, actor_id, command_id, command_index, merkle
    FROM log.event WHERE organization_id = '{organization}' ORDER BY position
) TO STDOUT (FORMAT binary)
