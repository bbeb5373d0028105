-- Which interactions are scheduled about an account, which is any of $2, or about what belongs to it now, the next
-- first: at most $3. What has not taken place stands together in the index of what happened about a record.
SELECT k.id, row_number() OVER (ORDER BY k.scheduled_at, k.id) AS place
FROM (
    SELECT a.id FROM unnest($2::uuid[]) a (id)
    UNION ALL
    SELECT r.record_id FROM read.account_records r WHERE r.organization_id = $1 AND r.account_id = ANY($2)
) s
CROSS JOIN LATERAL (
    SELECT t.id, t.scheduled_at
    FROM read.interactions t
    WHERE t.organization_id = $1 AND t.subject_id = s.id AND t.occurred_at IS NULL AND t.status = 'scheduled'
        AND t.archived_at IS NULL
    ORDER BY t.scheduled_at, t.id
    LIMIT $3
) k
ORDER BY place
LIMIT $3
