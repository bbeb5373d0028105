SELECT p.position, p.events, p.leaf_sum, p.refolds, h.position
FROM read.progress p JOIN read.held h ON h.projection = p.projection AND h.organization_id = p.organization_id
WHERE p.projection = $1 AND p.organization_id = $2 AND h.stream_id = $3
FOR UPDATE OF p
