-- The leads that have the address $2, the newest first.
SELECT row_to_json(d)
FROM (
    SELECT l.id
    FROM read.leads l
    WHERE l.organization_id = $1 AND l.email COLLATE read.people = $2 AND l.archived_at IS NULL
    ORDER BY l.created_at DESC, l.id
    LIMIT 20
) k
CROSS JOIN LATERAL (
    SELECT l.id, l.name, l.company, l.title, l.email, l.phone, l.status, l.source, l.score, l.account_id, l.contact_id,
           l.deal_id, l.owner_id, l.owner_name, l.last_interaction_at, l.tags
    FROM read.lead_documents l
    WHERE l.organization_id = $1 AND l.id = k.id
    OFFSET 0
) d
