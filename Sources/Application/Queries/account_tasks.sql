-- Which tasks are to be done about an account, which is any of $2, or about what belongs to it now, the next due first:
-- at most $3.
SELECT k.id, row_number() OVER (ORDER BY k.due_day, k.due_at, k.id) AS place
FROM (
    SELECT a.id FROM unnest($2::uuid[]) a (id)
    UNION ALL
    SELECT r.record_id FROM read.account_records r WHERE r.organization_id = $1 AND r.account_id = ANY($2)
) s
CROSS JOIN LATERAL (
    SELECT t.id, t.due_day, t.due_at
    FROM read.tasks t
    WHERE t.organization_id = $1 AND t.subject_id = s.id AND t.open AND t.archived_at IS NULL
    ORDER BY t.due_day, t.due_at, t.id
    LIMIT $3
) k
ORDER BY place
LIMIT $3
