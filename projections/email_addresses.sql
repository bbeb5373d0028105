-- Every e-mail address there is, with whose it is: a contact's many, and those of accounts, leads and members. Who
-- holds one alone is told by the log's claims, which know no address, only its digest; here stands what can be read.
CREATE VIEW read.email_addresses WITH (security_invoker = true) AS
SELECT c.organization_id,
       'contact' AS entity,
       c.id AS record_id,
       e.value ->> 'address' AS address,
       e.value ->> 'label' AS label,
       coalesce((e.value ->> 'primary')::boolean, false) AS is_primary,
       c.archived_at IS NOT NULL AS archived
FROM read.contacts c
CROSS JOIN LATERAL jsonb_each(c.emails) e (key, value)
UNION ALL
SELECT a.organization_id, 'account', a.id, a.email, NULL, true, a.archived_at IS NOT NULL
FROM read.accounts a
WHERE a.email IS NOT NULL
UNION ALL
SELECT l.organization_id, 'lead', l.id, l.email, NULL, true, l.archived_at IS NOT NULL
FROM read.leads l
WHERE l.email IS NOT NULL
UNION ALL
SELECT m.organization_id, 'member', m.id, m.email, NULL, true, m.archived_at IS NOT NULL
FROM read.members m
WHERE m.email IS NOT NULL
