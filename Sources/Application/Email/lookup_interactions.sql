-- What happened last with the contacts $2 and the leads that have the address $3, or about them: at most ten.
SELECT row_to_json(d)
FROM (
    SELECT DISTINCT k.id, k.occurred_at
    FROM (
        SELECT unnest($2::uuid[]) AS id
        UNION ALL
        SELECT l.id
        FROM read.leads l
        WHERE l.organization_id = $1 AND l.email COLLATE read.people = $3
          AND (l.archived_at IS NULL OR l.merged_into IS NOT NULL)
    ) p
    CROSS JOIN LATERAL (
        (SELECT t.id, t.occurred_at
         FROM read.interactions t
         WHERE t.organization_id = $1 AND t.subject_id = p.id AND t.occurred_at IS NOT NULL
           AND t.status = 'completed' AND t.archived_at IS NULL
         ORDER BY t.occurred_at DESC
         LIMIT 10)
        UNION ALL
        (SELECT t.id, t.occurred_at
         FROM read.interactions t
         WHERE t.organization_id = $1 AND t.contact_id = p.id AND t.occurred_at IS NOT NULL
           AND t.status = 'completed' AND t.archived_at IS NULL
         ORDER BY t.occurred_at DESC
         LIMIT 10)
    ) k
    ORDER BY k.occurred_at DESC, k.id
    LIMIT 10
) k
CROSS JOIN LATERAL (
    SELECT i.id, i.kind, i.direction, i.title, i.subject, i.subject_name, i.contact_id, i.owner_id, i.owner_name,
           i.occurred_at
    FROM read.interaction_documents i
    WHERE i.organization_id = $1 AND i.id = k.id
    OFFSET 0
) d
ORDER BY k.occurred_at DESC, k.id
