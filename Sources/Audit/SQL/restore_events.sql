INSERT INTO log.event (
    organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::smallint[], $7::json[], $8::bytea[], $9::json[],
    $10::timestamptz[], $11::timestamptz[], $12::uuid[], $13::uuid[], $14::smallint[], $15::bytea[])
