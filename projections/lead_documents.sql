-- Leads, as the API shows them.
CREATE VIEW read.lead_documents WITH (security_invoker = true) AS
SELECT l.organization_id,
       l.id,
       coalesce(nullif(concat_ws(' ', l.first_name, l.last_name), ''), l.company, l.email) AS name,
       l.first_name,
       l.last_name,
       l.company,
       l.title,
       l.email,
       l.phone,
       l.mobile,
       l.website,
       l.address,
       l.industry,
       l.employee_count,
       read.money(l.annual_revenue_minor, l.annual_revenue_currency) AS annual_revenue,
       read.money(l.amount_minor, l.amount_currency) AS amount,
       l.source,
       l.score,
       l.status,
       l.disqualified_reason,
       coalesce(a.merged_into, l.account_id) AS account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS account_name,
       coalesce(c.merged_into, l.contact_id) AS contact_id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END AS contact_name,
       l.deal_id,
       d.title AS deal_title,
       read.instant(l.converted_at) AS converted_at,
       read.instant((SELECT max(x.at)
                     FROM (SELECT l.id
                           UNION ALL
                           SELECT m.id FROM read.merges m
                           WHERE m.organization_id = l.organization_id AND m.into_id = l.id) o
                     CROSS JOIN LATERAL (SELECT max(t.at) AS at FROM read.touches t
                                         WHERE t.organization_id = l.organization_id AND t.record_id = o.id
                                             AND t.took_place) x))
            AS last_interaction_at,
       coalesce(l.contacted, false) AS contacted,
       l.last_contacted_on,
       read.instant(l.next_follow_up_at) AS next_follow_up_at,
       l.description,
       l.owner_id,
       o.name AS owner_name,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = l.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(l.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(l.tags) k(id)
           JOIN read.tags g ON g.organization_id = l.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       l.merged_into,
       l.version,
       l.position,
       read.instant(l.created_at) AS created_at,
       read.instant(l.updated_at) AS updated_at,
       read.instant(l.archived_at) AS archived_at
FROM read.leads l
LEFT JOIN read.members o ON o.organization_id = l.organization_id AND o.id = l.owner_id
LEFT JOIN read.accounts a ON a.organization_id = l.organization_id AND a.id = l.account_id
LEFT JOIN read.contacts c ON c.organization_id = l.organization_id AND c.id = l.contact_id
LEFT JOIN read.deals d ON d.organization_id = l.organization_id AND d.id = l.deal_id
