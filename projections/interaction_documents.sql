-- Interactions, as the API shows them. Who logged one stands in its history; `owner_id` is who of us took part.
CREATE VIEW read.interaction_documents WITH (security_invoker = true) AS
SELECT i.organization_id,
       i.id,
       i.kind,
       i.status,
       json_build_object('entity', i.subject_entity, 'id', coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = i.organization_id AND m.id = i.subject_id), i.subject_id))
           AS subject,
       (SELECT n.name
        FROM (VALUES (i.subject_entity, i.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = i.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       coalesce(c.merged_into, i.contact_id) AS contact_id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END AS contact_name,
       coalesce((
           SELECT jsonb_object_agg(coalesce((SELECT m.into_id FROM read.merges m
                WHERE m.organization_id = i.organization_id AND m.id = k.key::uuid), k.key::uuid), k.value)
           FROM jsonb_each(i.participants) k), '{}') AS participants,
       i.direction,
       read.instant(i.scheduled_at) AS scheduled_at,
       i.duration_minutes,
       i.owner_id,
       o.name AS owner_name,
       i.name,
       i.title,
       i.text,
       i.location,
       coalesce(i.attributes, '{}') AS attributes,
       i.message_id,
       i.in_reply_to_id,
       coalesce(i.strangers, '{}') AS strangers,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = i.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(i.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(i.tags) k(id)
           JOIN read.tags g ON g.organization_id = i.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       i.cancel_reason,
       read.instant(i.occurred_at) AS occurred_at,
       i.version,
       i.position,
       read.instant(i.created_at) AS created_at,
       read.instant(i.updated_at) AS updated_at,
       read.instant(i.archived_at) AS archived_at
FROM read.interactions i
LEFT JOIN read.members o ON o.organization_id = i.organization_id AND o.id = i.owner_id
LEFT JOIN read.contacts c ON c.organization_id = i.organization_id AND c.id = i.contact_id
