DELETE FROM log.claim c
USING unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[]) u (organization, scope, digest, stream)
WHERE c.organization_id = u.organization AND c.scope = u.scope AND c.digest = u.digest AND c.stream_id = u.stream
