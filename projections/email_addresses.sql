-- Every e-mail address there is, with whose it is: a contact's many, and those of accounts, leads and members. What a
-- record had that was merged is the winner's. Who holds one alone is told by the log's claims, which know no address,
-- only its digest; here stands what can be read.
CREATE VIEW read.email_addresses WITH (security_invoker = true) AS
SELECT c.organization_id,
       'contact' AS entity,
       coalesce(c.merged_into, c.id) AS record_id,
       e.value ->> 'address' AS address,
       e.value ->> 'label' AS label,
       coalesce((e.value ->> 'primary')::boolean, false) AS is_primary,
       c.archived_at IS NOT NULL AND c.merged_into IS NULL AS archived
FROM read.contacts c
CROSS JOIN LATERAL jsonb_each(c.emails) e (key, value)
WHERE c.merged_into IS NULL
    OR NOT EXISTS (SELECT FROM read.contacts w
                   CROSS JOIN LATERAL jsonb_each(w.emails) x (key, value)
                   WHERE w.organization_id = c.organization_id AND w.id = c.merged_into
                       AND x.value ->> 'address' = e.value ->> 'address')
UNION ALL
SELECT a.organization_id, 'account', coalesce(a.merged_into, a.id), a.email, NULL, true,
       a.archived_at IS NOT NULL AND a.merged_into IS NULL
FROM read.accounts a
WHERE a.email IS NOT NULL
    AND (a.merged_into IS NULL
         OR NOT EXISTS (SELECT FROM read.accounts w
                        WHERE w.organization_id = a.organization_id AND w.id = a.merged_into AND w.email = a.email))
UNION ALL
SELECT l.organization_id, 'lead', coalesce(l.merged_into, l.id), l.email, NULL, true,
       l.archived_at IS NOT NULL AND l.merged_into IS NULL
FROM read.leads l
WHERE l.email IS NOT NULL
    AND (l.merged_into IS NULL
         OR NOT EXISTS (SELECT FROM read.leads w
                        WHERE w.organization_id = l.organization_id AND w.id = l.merged_into AND w.email = l.email))
UNION ALL
SELECT m.organization_id, 'member', m.id, m.email, NULL, true, m.archived_at IS NOT NULL
FROM read.members m
WHERE m.email IS NOT NULL
