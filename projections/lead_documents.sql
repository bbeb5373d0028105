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
       l.account_id,
       a.name AS account_name,
       l.contact_id,
       nullif(concat_ws(' ', c.first_name, c.last_name), '') AS contact_name,
       l.deal_id,
       d.title AS deal_title,
       read.instant(l.converted_at) AS converted_at,
       read.instant((SELECT max(x.at) FROM read.touches x
                     WHERE x.organization_id = l.organization_id AND x.record_id = l.id AND x.took_place))
            AS last_interaction_at,
       coalesce(l.contacted, false) AS contacted,
       l.last_contacted_on,
       read.instant(l.next_follow_up_at) AS next_follow_up_at,
       l.description,
       l.owner_id,
       o.name AS owner_name,
       coalesce(l.custom, '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(l.tags) k(id)
           JOIN read.tags g ON g.organization_id = l.organization_id AND g.id = k.id::uuid), '[]') AS tags,
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
