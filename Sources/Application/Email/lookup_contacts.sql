-- The contacts of the ids $2: the log says that they have the address.
SELECT row_to_json(d)
FROM (
    SELECT c.id, c.name, c.title, c.department, c.status, c.primary_email, c.phone, c.mobile,
           c.primary_account_id, c.primary_account_name, c.owner_id, c.owner_name, c.last_interaction_at, c.tags
    FROM read.contact_documents c
    WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[]) AND c.archived_at IS NULL
    ORDER BY c.name, c.id
) d
LIMIT 20
