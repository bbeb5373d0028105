-- The tags in use of an organization ($1) that have one of these names ($2, in small letters).
SELECT t.id, lower(t.name)
FROM read.tags t
WHERE t.organization_id = $1 AND t.archived_at IS NULL AND lower(t.name) = ANY ($2)
