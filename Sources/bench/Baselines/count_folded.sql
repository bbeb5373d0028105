-- The columns that a rebuild reads.
COPY (
    SELECT organization_id, position, stream_id, version, type, schema, data, private, occurred_at, recorded_at,
        actor_id, substring(merkle FOR 32)
    FROM log.event WHERE organization_id = '{organization}' ORDER BY position
) TO STDOUT (FORMAT binary)
