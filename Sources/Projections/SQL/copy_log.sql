COPY (
    SELECT organization_id, position, stream_id, version, type, schema, data, private, occurred_at, recorded_at,
        actor_id, substring(merkle FOR 32)
    FROM log.event WHERE {scope} ORDER BY organization_id, position
) TO STDOUT (FORMAT binary)
