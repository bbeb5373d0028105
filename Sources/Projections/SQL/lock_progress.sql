-- Who applies a batch takes these rows first: after this no batch of the projection can commit before us.
SELECT organization_id, position FROM read.progress WHERE projection = $1 FOR UPDATE
