-- The contacts of these ids that are in use, for a lead to become one of them: they have its address.
SELECT 'email', row_to_json(d)
FROM (
    SELECT c.id, c.name, c.title, c.primary_email, c.primary_account_id, c.primary_account_name,
           c.owner_id, c.owner_name
    FROM read.contact_documents c
    WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[]) AND c.archived_at IS NULL
    ORDER BY c.name, c.id
) d
