-- LIMIT keeps this a lookup for each: a generic plan might read the whole table to join it.
SELECT u.organization, u.scope, u.digest, c.stream_id, c.is_shared
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[]) u (organization, scope, digest, sharer)
JOIN LATERAL (
    SELECT stream_id, sharer = stream_id AS is_shared FROM log.claim
    WHERE organization_id = u.organization AND scope = u.scope AND digest = u.digest AND sharer = u.sharer LIMIT 1
) c ON true
