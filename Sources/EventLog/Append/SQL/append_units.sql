-- As append_events, with what repeats will be answered, what becomes unique and the keys that are born: one statement,
-- so that it is one round trip and prepared once. The events are written first: the main statement runs before those
-- that nobody reads from.
WITH kept AS (
    INSERT INTO log.command (
        organization_id, actor_id, key_digest, request_hash, status, code, detail, position, recorded_at)
    SELECT * FROM unnest(
        $16::uuid[], $17::uuid[], $18::bytea[], $19::bytea[], $20::smallint[], $21::text[], $22::json[], $23::bigint[],
        $24::timestamptz[])
), taken AS (
    INSERT INTO log.claim (organization_id, scope, digest, stream_id)
    SELECT * FROM unnest($25::uuid[], $26::text[], $27::bytea[], $28::uuid[])
), born AS (
    INSERT INTO vault.person_key (organization_id, person_id, wrapped)
    SELECT * FROM unnest($29::uuid[], $30::uuid[], $31::bytea[])
)
INSERT INTO log.event (
    organization_id, position, stream_id, version, type, schema, data, private, meta,
    occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::smallint[], $7::json[], $8::bytea[], $9::json[],
    $10::timestamptz[], $11::timestamptz[], $12::uuid[], $13::uuid[], $14::smallint[], $15::bytea[])
WHERE 1 = (
    SELECT 1 / coalesce(bool_and(pg_try_advisory_xact_lock_shared(uuid_hash_extended(u.organization, 0))), true)::int
    FROM unnest($32::uuid[]) u (organization))
