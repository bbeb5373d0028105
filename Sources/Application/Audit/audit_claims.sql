SELECT scope, digest, stream_id, sharer FROM log.claim
WHERE organization_id = $1 AND (scope, digest, sharer) > ($2, $3, $4)
ORDER BY scope, digest, sharer
LIMIT $5
