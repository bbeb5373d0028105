-- Also of a table that waits to be swapped or is kept for a rollback. Not of one that is being built: nobody feeds it.
SELECT p.projection, p.position, p.events, p.leaf_sum
FROM read.progress p JOIN read.projection d ON d.name = p.projection
WHERE p.organization_id = $1 AND d.state NOT IN ('dropped', 'building')
