INSERT INTO bench.autocommit (
    organization_id, stream_id, version, type, schema, data, private, meta, occurred_at, recorded_at, actor_id,
    command_id, command_index, merkle)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, 0, $12)
