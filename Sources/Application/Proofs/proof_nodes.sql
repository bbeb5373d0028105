-- The stored hashes that proofs about leaf $2 in the tree of $3 leaves (none given: of the last signed head) can need:
-- of the complete subtrees that end with the leaf, of those beside its way up, and of those that the tree is made of.
-- Some sixty lookups at a million events. Their order is what only the primary key serves (see refuse_gap in
-- schemas/log).
WITH tree (size) AS (
    SELECT coalesce(
        $3, (SELECT size FROM log.checkpoint WHERE organization_id = $1 ORDER BY size DESC LIMIT 1))
), node (level, index) AS (
    SELECT level, ($2 >> level) # 1 FROM generate_series(0, 61) level
    UNION
    SELECT level, $2 >> level FROM generate_series(0, 61) level WHERE (($2 >> level) + 1) << level = $2 + 1
    UNION
    SELECT level, (size >> level) - 1 FROM tree, generate_series(0, 61) level WHERE (size >> level) & 1 = 1
)
SELECT n.level, n.index, substring(e.merkle FROM 32 * n.level + 1 FOR 32)
FROM tree
JOIN node n ON (n.index + 1) << n.level BETWEEN 1 AND tree.size
CROSS JOIN LATERAL (
    SELECT position, merkle FROM log.event
    WHERE organization_id = $1 AND position <= (n.index + 1) << n.level ORDER BY position DESC LIMIT 1
) e
WHERE e.position = (n.index + 1) << n.level
