-- Pipelines, as the API shows them: stages as an array in their order.
CREATE VIEW read.pipeline_documents WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id,
       p.name,
       p.description,
       p.owner_id,
       m.name AS owner_name,
       (SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.position), '[]')
        FROM (SELECT s.id, s.name, s.kind, s.place AS position, s.probability, s.rotting_days, s.estimated_value,
                     s.retired, s.retired_to
              FROM read.stages s
              WHERE s.organization_id = p.organization_id AND s.pipeline_id = p.id) r) AS stages,
       coalesce(p.transitions, '{}') AS transitions,
       coalesce(p.retired, '{}') AS retired,
       (SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.entity, r.name, r.id), '[]')
        FROM (SELECT h.value ->> 'entity' AS entity, h.key::uuid AS id, coalesce(m.name, t.name) AS name
              FROM jsonb_each(p.shared_with) h
              LEFT JOIN read.members m ON m.organization_id = p.organization_id AND m.id = h.key::uuid
              LEFT JOIN read.teams t ON t.organization_id = p.organization_id AND t.id = h.key::uuid) r) AS shared_with,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(p.tags) k(id)
           JOIN read.tags g ON g.organization_id = p.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = p.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(p.custom) e), '{}') AS custom,
       p.version,
       p.position,
       read.instant(p.created_at) AS created_at,
       read.instant(p.updated_at) AS updated_at,
       read.instant(p.archived_at) AS archived_at
FROM read.pipelines p
LEFT JOIN read.members m ON m.organization_id = p.organization_id AND m.id = p.owner_id
