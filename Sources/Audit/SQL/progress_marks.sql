-- Without tables that are being built: their progress is under another name.
SELECT p.projection, p.position, p.events, p.leaf_sum
FROM read.progress p JOIN read.projection d ON d.name = p.projection
WHERE p.organization_id = $1 AND d.state <> 'dropped'
