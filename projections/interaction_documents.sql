-- Interactions, as the API shows them. Who logged one stands in its history; `owner_id` is who of us took part.
CREATE VIEW read.interaction_documents WITH (security_invoker = true) AS
SELECT i.organization_id,
       i.id,
       i.kind,
       json_build_object('entity', i.subject_entity, 'id', i.subject_id) AS subject,
       n.name AS subject_name,
       coalesce(i.participants, '{}') AS participants,
       i.direction,
       i.duration_minutes,
       i.owner_id,
       o.name AS owner_name,
       i.name,
       i.title,
       i.text,
       coalesce(i.attributes, '{}') AS attributes,
       read.instant(i.occurred_at) AS occurred_at,
       i.version,
       i.position,
       read.instant(i.created_at) AS created_at,
       read.instant(i.updated_at) AS updated_at
FROM read.interactions i
LEFT JOIN read.members o ON o.organization_id = i.organization_id AND o.id = i.owner_id
LEFT JOIN read.names n
    ON n.organization_id = i.organization_id AND n.entity = i.subject_entity AND n.id = i.subject_id
