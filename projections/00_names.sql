-- What people call a record, whatever its kind; one that was merged as the one that stands for it. One arm for each
-- word of `Subjects`: who looks for one record by entity and id runs one arm and one index, as long as each arm reads
-- one table and has no join or condition of its own. Other views stand on this one. They join it in a sub-select for
-- one row: as of a moment all names would be read otherwise.
CREATE VIEW read.names WITH (security_invoker = true) AS
SELECT d.organization_id, 'deal' AS entity, d.id, d.title AS name FROM read.deals d
UNION ALL
SELECT a.organization_id, 'account', a.id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END
FROM read.accounts a
UNION ALL
SELECT c.organization_id, 'contact', c.id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END
FROM read.contacts c
UNION ALL
SELECT m.organization_id, 'member', m.id, m.name FROM read.members m
UNION ALL
SELECT p.organization_id, 'product', p.id, p.name FROM read.products p
UNION ALL
SELECT i.organization_id, 'interaction', i.id, coalesce(i.title, i.name) FROM read.interactions i
UNION ALL
SELECT t.organization_id, 'team', t.id, t.name FROM read.teams t
UNION ALL
SELECT p.organization_id, 'pipeline', p.id, p.name FROM read.pipelines p
UNION ALL
SELECT r.organization_id, 'rate', r.id, concat_ws(' ', r.currency, r.day) FROM read.rates r
UNION ALL
SELECT t.organization_id, 'tag', t.id, t.name FROM read.tags t
UNION ALL
SELECT c.organization_id, 'campaign', c.id, c.name FROM read.campaigns c
UNION ALL
SELECT p.organization_id, 'project', p.id, p.name FROM read.projects p
UNION ALL
SELECT m.organization_id, 'campaign_member', m.id,
       (SELECT c.name FROM read.campaigns c WHERE c.organization_id = m.organization_id AND c.id = m.campaign_id)
FROM read.campaign_members m
UNION ALL
SELECT k.organization_id, 'task', k.id, k.title FROM read.tasks k
UNION ALL
SELECT n.organization_id, 'note', n.id, left(n.text, 80) FROM read.notes n
UNION ALL
SELECT f.organization_id, 'attachment', f.id, f.filename FROM read.attachments f
UNION ALL
SELECT l.organization_id, 'lead', l.id,
       CASE WHEN l.merged_into IS NULL
            THEN coalesce(nullif(concat_ws(' ', l.first_name, l.last_name), ''), l.company, l.email)
            ELSE (SELECT coalesce(nullif(concat_ws(' ', w.first_name, w.last_name), ''), w.company, w.email)
                  FROM read.leads w WHERE w.organization_id = l.organization_id AND w.id = l.merged_into) END
FROM read.leads l
