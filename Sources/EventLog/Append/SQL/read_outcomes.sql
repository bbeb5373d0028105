-- With the leaf hash at the position that the answer reflects. LIMIT, and an order that one index serves, keep each a
-- lookup.
SELECT u.organization, u.actor, u.digest, c.request_hash, c.status, c.code, c.detail, c.position, c.recorded_at,
    substring(e.merkle FROM 1 FOR 32)
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) u (organization, actor, digest)
JOIN LATERAL (
    SELECT * FROM log.command
    WHERE organization_id = u.organization AND actor_id = u.actor AND key_digest = u.digest LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT position, merkle FROM log.event
    WHERE organization_id = u.organization AND position <= c.position ORDER BY position DESC LIMIT 1
) e ON e.position = c.position
