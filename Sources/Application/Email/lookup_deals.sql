-- The open deals with the contacts $2, and those with the accounts that come first for them: at most ten, the contacts'
-- own first, then the next to close.
SELECT row_to_json(d)
FROM (
    SELECT f.id, min(f.rank) AS rank
    FROM (
        SELECT k.id, 1 AS rank
        FROM unnest($2::uuid[]) p(id)
        CROSS JOIN LATERAL (
            SELECT t.id
            FROM read.deals t
            WHERE t.organization_id = $1 AND t.primary_contact_id = p.id AND t.status = 'open'
              AND t.archived_at IS NULL
            ORDER BY t.created_at DESC
            LIMIT 10
        ) k
        UNION ALL
        SELECT k.id, 2
        FROM read.contacts c
        CROSS JOIN LATERAL (
            SELECT coalesce((SELECT m.into_id FROM read.merges m
                             WHERE m.organization_id = $1 AND m.id = c.primary_account_id), c.primary_account_id) AS id
            OFFSET 0
        ) w
        CROSS JOIN LATERAL (
            SELECT w.id
            UNION ALL
            SELECT m.id FROM read.merges m WHERE m.organization_id = $1 AND m.into_id = w.id
        ) a
        CROSS JOIN LATERAL (
            SELECT t.id
            FROM read.deals t
            WHERE t.organization_id = $1 AND t.account_id = a.id AND t.status = 'open'
              AND t.archived_at IS NULL
            ORDER BY t.created_at DESC
            LIMIT 10
        ) k
        WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[])
    ) f
    GROUP BY f.id
) k
CROSS JOIN LATERAL (
    SELECT x.id, x.title, x.amount, x.pipeline_id, x.stage_id, x.stage_name, x.account_id, x.account_name,
           x.primary_contact_id, x.owner_id, x.owner_name, x.expected_close, x.next_step
    FROM read.deal_documents x
    WHERE x.organization_id = $1 AND x.id = k.id
    OFFSET 0
) d
ORDER BY k.rank, d.expected_close, d.id
LIMIT 10
