-- The accounts above one, which is any of $2, nearest first, each as the one that stands for it; no chain is followed
-- further than fifty, and a circle ends where it closes.
WITH RECURSIVE above AS (
    SELECT coalesce((SELECT m.into_id FROM read.merges m WHERE m.organization_id = $1 AND m.id = a.parent_id),
                    a.parent_id) AS id,
           1 AS distance, ARRAY[a.id] AS path
    FROM read.accounts a
    WHERE a.organization_id = $1 AND a.id = ($2::uuid[])[1]
    UNION ALL
    SELECT coalesce((SELECT m.into_id FROM read.merges m WHERE m.organization_id = $1 AND m.id = a.parent_id),
                    a.parent_id),
           u.distance + 1, u.path || a.id
    FROM above u
    JOIN read.accounts a ON a.organization_id = $1 AND a.id = u.id
    WHERE NOT a.id = ANY(u.path) AND u.distance < 50
)
SELECT json_build_object('id', a.id, 'name', a.name, 'lifecycle', a.lifecycle, 'distance', u.distance)
FROM above u
JOIN read.accounts a ON a.organization_id = $1 AND a.id = u.id
WHERE NOT a.id = ANY(u.path)
ORDER BY u.distance
