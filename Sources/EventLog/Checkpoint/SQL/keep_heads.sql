-- Another process may have signed the same head, and the first signature stays. (Of events nothing like this may ever
-- be done; these rows have no order to break.)
INSERT INTO log.checkpoint (organization_id, size, root, note, signed_at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::text[], $5::timestamptz[])
ON CONFLICT (organization_id, size) DO NOTHING
