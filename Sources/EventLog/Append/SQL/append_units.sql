-- As append_commands, with what becomes unique and the keys that are born.
WITH kept AS (
    INSERT INTO log.command (
        organization_id, actor_id, key_digest, request_hash, status, code, detail, position, recorded_at)
    SELECT unnest($16::uuid[]), unnest($17::uuid[]), unnest($18::bytea[]), unnest($19::bytea[]),
        unnest($20::smallint[]), unnest($21::text[]), unnest($22::json[]), unnest($23::bigint[]),
        unnest($24::timestamptz[])
), taken AS (
    INSERT INTO log.claim (organization_id, scope, digest, stream_id, sharer)
    SELECT unnest($25::uuid[]), unnest($26::text[]), unnest($27::bytea[]), unnest($28::uuid[]), unnest($29::uuid[])
), born AS (
    INSERT INTO vault.person_key (organization_id, person_id, wrapped)
    SELECT unnest($30::uuid[]), unnest($31::uuid[]), unnest($32::bytea[])
)
INSERT INTO log.event (
    organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::int[]), unnest($5::text[]),
    unnest($6::smallint[]), unnest($7::json[]), unnest($8::bytea[]), unnest($9::json[]), unnest($10::timestamptz[]),
    unnest($11::timestamptz[]), unnest($12::uuid[]), unnest($13::uuid[]), unnest($14::smallint[]), unnest($15::bytea[])
WHERE 1 = (
    SELECT 1 / coalesce(bool_and(pg_try_advisory_xact_lock_shared(uuid_hash_extended(u.organization, 0))), true)::int
    FROM unnest($33::uuid[]) u (organization))
