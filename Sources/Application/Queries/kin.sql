-- Which records are the same as each of $2: the one that stands for it, and all that were merged into that one; first
-- that one. Of most there is nothing to find. The first is found apart, since the planner trusts no index with a value
-- that is looked up in the condition itself.
SELECT i.id, f.id
FROM (
    SELECT a.id, coalesce((SELECT m.into_id FROM read.merges m WHERE m.organization_id = $1 AND m.id = a.id), a.id)
        AS winner
    FROM unnest($2::uuid[]) a (id)
    OFFSET 0
) i
CROSS JOIN LATERAL (
    SELECT i.winner AS id, 0 AS place
    UNION ALL
    SELECT m.id, 1 FROM read.merges m WHERE m.organization_id = $1 AND m.into_id = i.winner
) f
ORDER BY i.id, f.place, f.id
