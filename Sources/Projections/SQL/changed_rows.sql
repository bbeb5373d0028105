-- The rows that a candidate changes, with the columns that differ: what the table has, and what the candidate makes of
-- it. A column that is in one of them only is empty in the other.
CREATE TEMPORARY TABLE changed_rows AS
SELECT organization_id, id, kind, columns
FROM (
    SELECT coalesce(a.organization_id, b.organization_id) AS organization_id, coalesce(a.id, b.id)::text AS id,
        CASE WHEN a.id IS NULL THEN 'added' WHEN b.id IS NULL THEN 'removed' ELSE 'changed' END AS kind,
        (
            SELECT jsonb_object_agg(k, jsonb_build_array(x -> k, y -> k))
            FROM (SELECT coalesce(to_jsonb(a.*), '{}'), coalesce(to_jsonb(b.*), '{}')) both_sides (x, y)
            CROSS JOIN LATERAL jsonb_object_keys(x || y) k
            WHERE coalesce(x -> k, 'null') <> coalesce(y -> k, 'null') AND k NOT IN ('organization_id', 'id')
        ) AS columns
    FROM {rows} a FULL JOIN {candidate} b USING (organization_id, id)
) found
WHERE columns IS NOT NULL
