-- Teams, as the API shows them.
CREATE VIEW read.team_documents WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.id,
       t.name,
       t.region,
       t.manager_id,
       m.name AS manager_name,
       t.description,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(t.tags) k(id)
           JOIN read.tags g ON g.organization_id = t.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = t.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(t.custom) e), '{}') AS custom,
       t.version,
       t.position,
       read.instant(t.created_at) AS created_at,
       read.instant(t.updated_at) AS updated_at,
       read.instant(t.archived_at) AS archived_at
FROM read.teams t
LEFT JOIN read.members m ON m.organization_id = t.organization_id AND m.id = t.manager_id
