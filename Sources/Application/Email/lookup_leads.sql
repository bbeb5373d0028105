-- The leads that have the address $2, or had it when they were merged into one; the newest first.
SELECT row_to_json(d)
FROM (
    SELECT coalesce(l.merged_into, l.id) AS id, max(l.created_at) AS created_at
    FROM read.leads l
    WHERE l.organization_id = $1 AND l.email COLLATE read.people = $2
      AND (l.archived_at IS NULL OR l.merged_into IS NOT NULL)
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT 20
) k
CROSS JOIN LATERAL (
    SELECT l.id, l.name, l.company, l.title, l.email, l.phone, l.status, l.source, l.score, l.account_id, l.contact_id,
           l.deal_id, l.owner_id, l.owner_name, l.last_interaction_at, l.tags
    FROM read.lead_documents l
    WHERE l.organization_id = $1 AND l.id = k.id AND l.archived_at IS NULL
    OFFSET 0
) d
ORDER BY k.created_at DESC, k.id
