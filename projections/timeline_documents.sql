-- Events as a timeline shows them: when it happened, who did it, to which record, and what changed. Names are looked up
-- row by row, since only those of one page are shown.
CREATE VIEW read.timeline_documents WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.id,
       t.number AS position,
       read.instant(t.created_at) AS occurred_at,
       t.event,
       json_build_object('entity', split_part(t.event, '.', 1), 'id', t.record_id) AS record,
       CASE split_part(t.event, '.', 1)
           WHEN 'account' THEN (
               SELECT r.name FROM read.accounts r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'contact' THEN (
               SELECT nullif(concat_ws(' ', r.first_name, r.last_name), '')
               FROM read.contacts r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'deal' THEN (
               SELECT r.title FROM read.deals r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'interaction' THEN (
               SELECT coalesce(r.title, r.name)
               FROM read.interactions r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'member' THEN (
               SELECT r.name FROM read.members r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'pipeline' THEN (
               SELECT r.name FROM read.pipelines r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'product' THEN (
               SELECT r.name FROM read.products r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
           WHEN 'team' THEN (
               SELECT r.name FROM read.teams r WHERE r.organization_id = t.organization_id AND r.id = t.record_id)
       END AS record_name,
       t.actor_id,
       (SELECT m.name FROM read.members m WHERE m.organization_id = t.organization_id AND m.id = t.actor_id)
           AS actor_name,
       coalesce(t.details, '{}') AS details
FROM read.timeline t
