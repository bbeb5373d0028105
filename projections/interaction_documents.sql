-- Interactions, as the API shows them. Who logged one stands in its history; `owner_id` is who of us took part.
CREATE VIEW read.interaction_documents WITH (security_invoker = true) AS
SELECT i.organization_id,
       i.id,
       i.kind,
       i.status,
       json_build_object('entity', i.subject_entity, 'id', i.subject_id) AS subject,
       (SELECT n.name
        FROM (VALUES (i.subject_entity, i.subject_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = i.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS subject_name,
       i.contact_id,
       nullif(concat_ws(' ', c.first_name, c.last_name), '') AS contact_name,
       coalesce(i.participants, '{}') AS participants,
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
       coalesce(i.custom, '{}') AS custom,
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
