-- Members, as the API shows them.
CREATE VIEW read.member_documents WITH (security_invoker = true) AS
SELECT m.organization_id,
       m.id,
       m.name,
       m.email,
       m.role,
       m.team_id,
       t.name AS team_name,
       m.title,
       m.phone,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(m.tags) k(id)
           JOIN read.tags g ON g.organization_id = m.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(x.into_id) FROM read.merges x
               WHERE x.organization_id = m.organization_id AND x.id = read.id_in(e.value)
                   AND x.into_id IS NOT NULL), e.value))
           FROM jsonb_each(m.custom) e), '{}') AS custom,
       m.version,
       m.position,
       read.instant(m.created_at) AS created_at,
       read.instant(m.updated_at) AS updated_at,
       read.instant(m.archived_at) AS archived_at
FROM read.members m
LEFT JOIN read.teams t ON t.organization_id = m.organization_id AND t.id = m.team_id
