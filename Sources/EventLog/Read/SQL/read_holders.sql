-- In the order of the key: who holds a value alone, then who holds it beside, by id.
SELECT u.scope, u.digest, c.stream_id, c.is_shared
FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY u (scope, digest, place)
JOIN LATERAL (
    SELECT stream_id, sharer, sharer = stream_id AS is_shared FROM log.claim
    WHERE organization_id = $1 AND scope = u.scope AND digest = u.digest
    ORDER BY sharer LIMIT 100
) c ON true
ORDER BY u.place, c.sharer
