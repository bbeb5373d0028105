-- A log for a test: leaf hashes are of positions. The rows' own lock is the primary key, as of every append.
INSERT INTO log.event (organization_id, position, stream_id, version, type, schema, data, meta, occurred_at,
    recorded_at, actor_id, command_id, command_index, merkle)
SELECT $1, u.position, u.stream, u.version, u.type, 1, u.data, '{}', u.at, greatest(u.at, clock_timestamp()), u.actor,
    gen_random_uuid(), 0, sha256(convert_to($1::text || u.position, 'UTF8'))
FROM unnest($2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::json[], $7::timestamptz[], $8::uuid[])
    AS u (position, stream, version, type, data, at, actor)
ORDER BY u.position
