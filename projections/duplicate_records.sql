-- What is shown of a record that may be another: enough to tell. Only those in use, that stand for themselves. Who
-- looks for one record by its id runs one index of each arm.
CREATE VIEW read.duplicate_records WITH (security_invoker = true) AS
SELECT a.organization_id,
       a.id,
       'account' AS entity,
       a.name,
       array_remove(ARRAY[a.email], NULL) AS emails,
       array_remove(ARRAY[a.phone], NULL) AS phones,
       a.website,
       NULL AS company,
       a.owner_id,
       read.instant(a.created_at) AS created_at
FROM read.accounts a
WHERE a.archived_at IS NULL
UNION ALL
SELECT c.organization_id,
       c.id,
       'contact',
       nullif(concat_ws(' ', c.first_name, c.last_name), ''),
       ARRAY(SELECT e.value ->> 'address' FROM jsonb_each(c.emails) e ORDER BY 1),
       array_remove(ARRAY[c.phone, c.mobile], NULL),
       c.website,
       (SELECT n.name FROM read.names n
        WHERE n.organization_id = c.organization_id AND n.entity = 'account' AND n.id = c.primary_account_id),
       c.owner_id,
       read.instant(c.created_at)
FROM read.contacts c
WHERE c.archived_at IS NULL
UNION ALL
SELECT l.organization_id,
       l.id,
       'lead',
       nullif(concat_ws(' ', l.first_name, l.last_name), ''),
       array_remove(ARRAY[l.email], NULL),
       array_remove(ARRAY[l.phone, l.mobile], NULL),
       l.website,
       l.company,
       l.owner_id,
       read.instant(l.created_at)
FROM read.leads l
WHERE l.archived_at IS NULL AND l.status IS DISTINCT FROM 'converted'
