SELECT scope, digest, stream_id FROM log.claim
WHERE organization_id = $1 AND (scope, digest) > ($2, $3)
ORDER BY scope, digest
LIMIT $4
