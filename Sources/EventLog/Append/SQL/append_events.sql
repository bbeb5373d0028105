-- Rows come sorted by organization and position. Who else wants one of these positions waits on the primary key.
-- Fails (22012) before anything is written, where a process that has lost a race queues for an organization's lock.
INSERT INTO log.event (
    organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::smallint[], $7::json[], $8::bytea[], $9::json[],
    $10::timestamptz[], $11::timestamptz[], $12::uuid[], $13::uuid[], $14::smallint[], $15::bytea[])
WHERE 1 = (
    SELECT 1 / coalesce(bool_and(pg_try_advisory_xact_lock_shared(uuid_hash_extended(u.organization, 0))), true)::int
    FROM unnest($16::uuid[]) u (organization))
