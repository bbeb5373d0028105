-- Who works with which account, as the API shows it on the pages of both.
CREATE VIEW read.affiliation_documents WITH (security_invoker = true) AS
SELECT f.organization_id,
       f.id,
       f.contact_id,
       nullif(concat_ws(' ', c.first_name, c.last_name), '') AS contact_name,
       c.title AS contact_title,
       c.status AS contact_status,
       c.primary_email AS contact_email,
       coalesce(c.mobile, c.phone) AS contact_phone,
       c.archived_at IS NOT NULL AS contact_archived,
       f.account_id,
       a.name AS account_name,
       a.lifecycle AS account_lifecycle,
       a.archived_at IS NOT NULL AS account_archived,
       f.role,
       coalesce(a.primary_contact_id = f.contact_id, false) AS primary_contact,
       coalesce(f.primary_account, false) AS primary_account,
       f.from_day,
       f.to_day,
       f.to_day IS NULL AS current,
       f.created_at
FROM read.affiliations f
LEFT JOIN read.contacts c ON c.organization_id = f.organization_id AND c.id = f.contact_id
LEFT JOIN read.accounts a ON a.organization_id = f.organization_id AND a.id = f.account_id
