INSERT INTO log.command (
    organization_id, actor_id, key_digest, request_hash, status, code, detail, position, recorded_at)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::smallint[], $6::text[], $7::json[], $8::bigint[],
    $9::timestamptz[])
