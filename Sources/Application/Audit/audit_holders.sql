-- LIMIT keeps this a lookup for each: a generic plan might read the whole table to join it.
SELECT u.scope, u.digest, c.stream_id
FROM unnest($2::text[], $3::bytea[]) u (scope, digest)
JOIN LATERAL (
    SELECT stream_id FROM log.claim
    WHERE organization_id = $1 AND scope = u.scope AND digest = u.digest LIMIT 1
) c ON true
