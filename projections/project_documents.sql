-- Projects, as the API shows them. Overdue counts by the days of the organization's zone.
CREATE VIEW read.project_documents WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id,
       p.name,
       p.status,
       p.priority,
       coalesce(a.merged_into, p.account_id) AS account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS account_name,
       p.deal_id,
       d.title AS deal_title,
       p.owner_id,
       o.name AS owner_name,
       p.manager_id,
       m.name AS manager_name,
       p.starts_on,
       p.due_on,
       p.completed_on,
       coalesce(p.status NOT IN ('completed', 'cancelled')
                AND p.due_on < (now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date, false) AS overdue,
       p.estimated_hours,
       round(p.minutes / 60.0, 2) AS actual_hours,
       p.progress,
       p.description,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = p.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(p.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(p.tags) k(id)
           JOIN read.tags g ON g.organization_id = p.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       p.version,
       p.position,
       read.instant(p.created_at) AS created_at,
       read.instant(p.updated_at) AS updated_at,
       read.instant(p.archived_at) AS archived_at
FROM read.projects p
LEFT JOIN read.organizations z ON z.organization_id = p.organization_id AND z.id = p.organization_id
LEFT JOIN read.accounts a ON a.organization_id = p.organization_id AND a.id = p.account_id
LEFT JOIN read.deals d ON d.organization_id = p.organization_id AND d.id = p.deal_id
LEFT JOIN read.members o ON o.organization_id = p.organization_id AND o.id = p.owner_id
LEFT JOIN read.members m ON m.organization_id = p.organization_id AND m.id = p.manager_id
