-- Events as a timeline shows them: when it happened, who did it, to which record, and what changed. Names are looked up
-- row by row, since only those of one page are shown.
CREATE VIEW read.timeline_documents WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.id,
       t.number AS position,
       read.instant(t.created_at) AS occurred_at,
       t.event,
       json_build_object('entity', split_part(t.event, '.', 1), 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = t.organization_id AND m.id = t.record_id), t.record_id)) AS record,
       (SELECT n.name
        FROM read.names n
        WHERE n.organization_id = t.organization_id AND n.entity = split_part(t.event, '.', 1) AND n.id = t.record_id)
           AS record_name,
       t.actor_id,
       (SELECT m.name FROM read.members m WHERE m.organization_id = t.organization_id AND m.id = t.actor_id)
           AS actor_name,
       coalesce(t.details, '{}') AS details
FROM read.timeline t
