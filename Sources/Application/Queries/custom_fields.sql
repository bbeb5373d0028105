-- The fields that the organization defined for an entity.
SELECT f.key, f.type
FROM read.fields f
WHERE f.organization_id = $1 AND f.entity = $2
