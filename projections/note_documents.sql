-- Notes, as the API shows them.
CREATE VIEW read.note_documents WITH (security_invoker = true) AS
SELECT o.organization_id,
       o.id,
       o.text,
       json_build_object('entity', o.subject_entity, 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = o.organization_id AND m.id = o.subject_id), o.subject_id))
           AS subject,
       (SELECT n.name
        FROM (VALUES (o.subject_entity, o.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = o.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       o.pinned,
       o.author_id,
       a.name AS author_name,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = o.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(o.custom) e), '{}') AS custom,
       o.version,
       o.position,
       read.instant(o.created_at) AS created_at,
       read.instant(o.updated_at) AS updated_at,
       read.instant(o.archived_at) AS archived_at
FROM read.notes o
LEFT JOIN read.members a ON a.organization_id = o.organization_id AND a.id = o.author_id
