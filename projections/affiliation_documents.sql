-- Who works with which account, as the API shows it on the pages of both. Rows are chosen by what was told, of which
-- there are indexes; shown is who stands for it now. What a contact took over from another is its own, and of several
-- accounts that are one it works with that once: where it still does, rather.
CREATE VIEW read.affiliation_documents WITH (security_invoker = true) AS
SELECT f.organization_id,
       f.id,
       f.contact_id,
       f.contact_id AS told_contact_id,
       nullif(concat_ws(' ', c.first_name, c.last_name), '') AS contact_name,
       c.title AS contact_title,
       c.status AS contact_status,
       c.primary_email AS contact_email,
       coalesce(c.mobile, c.phone) AS contact_phone,
       c.archived_at IS NOT NULL AS contact_archived,
       coalesce(t.merged_into, f.account_id) AS account_id,
       f.account_id AS told_account_id,
       coalesce(w.name, t.name) AS account_name,
       coalesce(w.lifecycle, t.lifecycle) AS account_lifecycle,
       CASE WHEN w.id IS NULL THEN t.archived_at ELSE w.archived_at END IS NOT NULL AS account_archived,
       f.role,
       coalesce(f.contact_id = coalesce((SELECT m.into_id FROM read.merges m
                                         WHERE m.organization_id = f.organization_id AND m.id = p.id), p.id), false)
           AS primary_contact,
       coalesce(f.primary_account, false) AS primary_account,
       f.from_day,
       f.to_day,
       f.to_day IS NULL AS current,
       f.created_at
FROM read.affiliations f
LEFT JOIN read.contacts c ON c.organization_id = f.organization_id AND c.id = f.contact_id
LEFT JOIN read.accounts t ON t.organization_id = f.organization_id AND t.id = f.account_id
LEFT JOIN read.accounts w ON w.organization_id = f.organization_id AND w.id = t.merged_into
CROSS JOIN LATERAL (
    SELECT CASE WHEN w.id IS NULL THEN t.primary_contact_id ELSE w.primary_contact_id END AS id) p
WHERE c.merged_into IS NULL
    AND (SELECT g.id
         FROM read.affiliations g
         CROSS JOIN LATERAL (SELECT (SELECT m.into_id FROM read.merges m
                                     WHERE m.organization_id = g.organization_id AND m.id = g.account_id)) s (into_id)
         WHERE g.organization_id = f.organization_id AND g.contact_id = f.contact_id AND g.account_id <> f.account_id
             AND coalesce(s.into_id, g.account_id) = coalesce(t.merged_into, f.account_id)
             AND (g.to_day IS NULL, s.into_id IS NULL, g.account_id)
                 > (f.to_day IS NULL, t.merged_into IS NULL, f.account_id)
         LIMIT 1) IS NULL
