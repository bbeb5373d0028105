-- Accounts, as the API shows them.
CREATE VIEW read.account_documents WITH (security_invoker = true) AS
SELECT a.organization_id,
       a.id,
       a.name,
       a.slug,
       a.lifecycle,
       a.industry,
       a.size,
       a.website,
       a.email,
       a.phone,
       a.billing_address,
       a.shipping_address,
       read.money(a.annual_revenue_minor, a.annual_revenue_currency) AS annual_revenue,
       a.employee_count,
       a.owner_id,
       o.name AS owner_name,
       coalesce(p.merged_into, a.parent_id) AS parent_id,
       CASE WHEN p.merged_into IS NULL THEN p.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = p.organization_id AND w.id = p.merged_into) END AS parent_name,
       coalesce(c.merged_into, a.primary_contact_id) AS primary_contact_id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END AS primary_contact_name,
       coalesce(a.contacted, false) AS contacted,
       a.last_contacted_on,
       read.instant(a.next_follow_up_at) AS next_follow_up_at,
       read.instant((SELECT max(x.at)
                     FROM (SELECT a.id
                           UNION ALL
                           SELECT m.id FROM read.merges m
                           WHERE m.organization_id = a.organization_id AND m.into_id = a.id) f
                     CROSS JOIN LATERAL (SELECT f.id
                                         UNION ALL
                                         SELECT r.record_id FROM read.account_records r
                                         WHERE r.organization_id = a.organization_id AND r.account_id = f.id) o
                     CROSS JOIN LATERAL (SELECT max(t.at) AS at FROM read.touches t
                                         WHERE t.organization_id = a.organization_id AND t.record_id = o.id
                                             AND t.took_place) x))
           AS last_interaction_at,
       a.description,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = a.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(a.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(a.tags) k(id)
           JOIN read.tags g ON g.organization_id = a.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       a.merged_into,
       a.version,
       a.position,
       read.instant(a.created_at) AS created_at,
       read.instant(a.updated_at) AS updated_at,
       read.instant(a.archived_at) AS archived_at
FROM read.accounts a
LEFT JOIN read.members o ON o.organization_id = a.organization_id AND o.id = a.owner_id
LEFT JOIN read.accounts p ON p.organization_id = a.organization_id AND p.id = a.parent_id
LEFT JOIN read.contacts c ON c.organization_id = a.organization_id AND c.id = a.primary_contact_id
