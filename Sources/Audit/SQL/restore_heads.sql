INSERT INTO log.checkpoint (organization_id, size, root, note, signed_at)
SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::text[], $5::timestamptz[])
