-- What is to be done about the contacts $2, the accounts that come first for them, and the leads that have the address
-- $3: at most ten, the next due first.
SELECT row_to_json(d)
FROM (
    SELECT DISTINCT k.id, k.due_day, k.due_at
    FROM (
        SELECT unnest($2::uuid[]) AS id
        UNION
        SELECT a.id
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
        WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[])
        UNION
        SELECT l.id
        FROM read.leads l
        WHERE l.organization_id = $1 AND l.email COLLATE read.people = $3
          AND (l.archived_at IS NULL OR l.merged_into IS NOT NULL)
    ) p
    CROSS JOIN LATERAL (
        SELECT t.id, t.due_day, t.due_at
        FROM read.tasks t
        WHERE t.organization_id = $1 AND t.subject_id = p.id AND t.open AND t.archived_at IS NULL
        ORDER BY t.due_day, t.due_at, t.id
        LIMIT 10
    ) k
    ORDER BY k.due_day, k.due_at, k.id
    LIMIT 10
) k
CROSS JOIN LATERAL (
    SELECT x.id, x.title, x.type, x.priority, x.due_on, x.due_at, x.overdue, x.subject, x.subject_name, x.assignee_id,
           x.assignee_name
    FROM read.task_documents x
    WHERE x.organization_id = $1 AND x.id = k.id
    OFFSET 0
) d
ORDER BY k.due_day, k.due_at, k.id
