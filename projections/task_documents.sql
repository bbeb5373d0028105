-- Tasks, as the API shows them. `due` is the day it is due where the organization is.
CREATE VIEW read.task_documents WITH (security_invoker = true) AS
SELECT k.organization_id,
       k.id,
       k.title,
       k.type,
       k.status,
       k.priority,
       k.due_on,
       read.instant(k.due_at) AS due_at,
       s.due,
       coalesce(s.overdue, false) AS overdue,
       read.instant(k.reminder_at) AS reminder_at,
       coalesce(s.reminder_due, false) AS reminder_due,
       k.assignee_id,
       a.name AS assignee_name,
       CASE WHEN k.subject_id IS NOT NULL
            THEN json_build_object('entity', k.subject_entity, 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = k.organization_id AND m.id = k.subject_id), k.subject_id))
       END AS subject,
       (SELECT n.name
        FROM (VALUES (k.subject_entity, k.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = k.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       k.interaction_id,
       k.description,
       k.outcome,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = k.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(k.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(k.tags) t(id)
           JOIN read.tags g ON g.organization_id = k.organization_id AND g.id = t.id::uuid), '[]') AS tags,
       k.creator_id,
       c.name AS creator_name,
       read.instant(k.started_at) AS started_at,
       read.instant(k.completed_at) AS completed_at,
       k.version,
       k.position,
       read.instant(k.created_at) AS created_at,
       read.instant(k.updated_at) AS updated_at,
       read.instant(k.archived_at) AS archived_at
FROM read.tasks k
LEFT JOIN read.task_states s ON s.organization_id = k.organization_id AND s.id = k.id
LEFT JOIN read.members a ON a.organization_id = k.organization_id AND a.id = k.assignee_id
LEFT JOIN read.members c ON c.organization_id = k.organization_id AND c.id = k.creator_id
