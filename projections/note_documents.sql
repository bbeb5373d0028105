-- Notes, as the API shows them.
CREATE VIEW read.note_documents WITH (security_invoker = true) AS
SELECT o.organization_id,
       o.id,
       o.text,
       json_build_object('entity', o.subject_entity, 'id', o.subject_id) AS subject,
       (SELECT n.name
        FROM (VALUES (o.subject_entity, o.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = o.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       o.pinned,
       o.author_id,
       a.name AS author_name,
       coalesce(o.custom, '{}') AS custom,
       o.version,
       o.position,
       read.instant(o.created_at) AS created_at,
       read.instant(o.updated_at) AS updated_at,
       read.instant(o.archived_at) AS archived_at
FROM read.notes o
LEFT JOIN read.members a ON a.organization_id = o.organization_id AND a.id = o.author_id
