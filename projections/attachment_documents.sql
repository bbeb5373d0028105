-- Attachments, as the API shows them.
CREATE VIEW read.attachment_documents WITH (security_invoker = true) AS
SELECT o.organization_id,
       o.id,
       o.filename,
       o.description,
       json_build_object('entity', o.subject_entity, 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = o.organization_id AND m.id = o.subject_id), o.subject_id))
           AS subject,
       (SELECT n.name
        FROM (VALUES (o.subject_entity, o.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = o.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       CASE WHEN o.person_id IS NOT NULL
           THEN json_build_object('entity', o.person_entity, 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = o.organization_id AND m.id = o.person_id), o.person_id))
       END AS person,
       o.media_type,
       o.declared_type,
       o.size,
       o.sha256,
       o.scan,
       o.finding,
       o.removed,
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
FROM read.attachments o
LEFT JOIN read.members a ON a.organization_id = o.organization_id AND a.id = o.author_id
