-- Each claim by its own stream where that holds it, else by another that has the value. LIMIT keeps this a lookup for
-- each: a generic plan might read the whole table to join it.
SELECT u.scope, u.digest, u.stream, c.stream_id, c.is_shared
FROM unnest($2::text[], $3::bytea[], $4::uuid[]) u (scope, digest, stream)
JOIN LATERAL (
    SELECT stream_id, sharer = stream_id AS is_shared FROM log.claim
    WHERE organization_id = $1 AND scope = u.scope AND digest = u.digest
    ORDER BY stream_id <> u.stream LIMIT 1
) c ON true
