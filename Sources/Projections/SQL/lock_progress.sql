-- Who applies a batch takes these rows first: after this no batch of these projections can commit before us.
SELECT projection, organization_id, position FROM read.progress WHERE projection = ANY ($1)
ORDER BY organization_id, projection FOR UPDATE
