-- Interactions, as the API shows them. Who logged one stands in its history; `owner_id` is who of us took part.
CREATE VIEW read.interaction_documents WITH (security_invoker = true) AS
SELECT i.organization_id,
       i.id,
       i.kind,
       json_build_object('entity', i.subject_entity, 'id', i.subject_id) AS subject,
       coalesce(d.title, a.name, nullif(concat_ws(' ', c.first_name, c.last_name), ''), m.name, p.name)
           AS subject_name,
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
LEFT JOIN read.deals d ON d.organization_id = i.organization_id AND d.id = i.subject_id
LEFT JOIN read.accounts a ON a.organization_id = i.organization_id AND a.id = i.subject_id
LEFT JOIN read.contacts c ON c.organization_id = i.organization_id AND c.id = i.subject_id
LEFT JOIN read.members m ON m.organization_id = i.organization_id AND m.id = i.subject_id
LEFT JOIN read.products p ON p.organization_id = i.organization_id AND p.id = i.subject_id
