INSERT INTO log.claim (organization_id, scope, digest, stream_id, sharer)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::uuid[])
