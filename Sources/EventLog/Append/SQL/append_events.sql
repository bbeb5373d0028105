-- Rows come sorted by organization and position. Who else wants one of these positions waits on the primary key.
-- Fails (22012) before anything is written, where a process that has lost a race queues for an organization's lock.
-- The arrays are taken apart in the list of columns, not in FROM, which would first write each of them to a table of
-- its own.
INSERT INTO log.event (
    organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::int[]), unnest($5::text[]),
    unnest($6::smallint[]), unnest($7::json[]), unnest($8::bytea[]), unnest($9::json[]), unnest($10::timestamptz[]),
    unnest($11::timestamptz[]), unnest($12::uuid[]), unnest($13::uuid[]), unnest($14::smallint[]), unnest($15::bytea[])
WHERE 1 = (
    SELECT 1 / coalesce(bool_and(pg_try_advisory_xact_lock_shared(uuid_hash_extended(u.organization, 0))), true)::int
    FROM unnest($16::uuid[]) u (organization))
