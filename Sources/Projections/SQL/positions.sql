-- How far projections are in the organizations that somebody waits for.
SELECT organization_id, projection, position FROM read.progress
WHERE organization_id = ANY ($1) AND projection = ANY ($2)
