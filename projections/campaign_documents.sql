-- Campaigns, as the API shows them.
CREATE VIEW read.campaign_documents WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.id,
       c.name,
       c.kind,
       c.status,
       c.starts_on,
       c.ends_on,
       read.money(c.budget_minor, c.budget_currency) AS budget,
       read.money(c.cost_minor, coalesce(c.cost_currency, c.budget_currency)) AS cost,
       coalesce(c.goals, '{}') AS goals,
       c.audience,
       c.owner_id,
       o.name AS owner_name,
       c.description,
       c.cancel_reason,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = c.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(c.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(c.tags) k(id)
           JOIN read.tags g ON g.organization_id = c.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       read.instant(c.started_at) AS started_at,
       read.instant(c.finished_at) AS finished_at,
       c.version,
       c.position,
       read.instant(c.created_at) AS created_at,
       read.instant(c.updated_at) AS updated_at,
       read.instant(c.archived_at) AS archived_at
FROM read.campaigns c
LEFT JOIN read.members o ON o.organization_id = c.organization_id AND o.id = c.owner_id
