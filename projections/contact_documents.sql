-- Contacts, as the API shows them.
CREATE VIEW read.contact_documents WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.id,
       concat_ws(' ', c.first_name, c.last_name) AS name,
       c.first_name,
       c.last_name,
       c.title,
       c.department,
       c.status,
       c.lead_source,
       c.lead_score,
       c.phone,
       c.mobile,
       c.website,
       coalesce(c.social_profiles, '{}') AS social_profiles,
       coalesce(c.preferences, '{}') AS preferences,
       c.description,
       c.owner_id,
       o.name AS owner_name,
       coalesce(c.emails, '{}') AS emails,
       c.primary_email,
       coalesce((
           SELECT jsonb_object_agg(coalesce(s.into_id::text, k.key), k.value
                                   ORDER BY (k.value ->> 'to') IS NULL, s.into_id IS NULL)
           FROM jsonb_each(c.affiliations) k
           CROSS JOIN LATERAL (SELECT (SELECT m.into_id FROM read.merges m
                                       WHERE m.organization_id = c.organization_id AND m.id = k.key::uuid)) s (into_id)
           ), '{}') AS affiliations,
       coalesce(a.merged_into, c.primary_account_id) AS primary_account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS primary_account_name,
       read.instant((SELECT max(x.at)
                     FROM (SELECT c.id
                           UNION ALL
                           SELECT m.id FROM read.merges m
                           WHERE m.organization_id = c.organization_id AND m.into_id = c.id) o
                     CROSS JOIN LATERAL (SELECT max(t.at) AS at FROM read.touches t
                                         WHERE t.organization_id = c.organization_id AND t.record_id = o.id
                                             AND t.took_place) x))
            AS last_interaction_at,
       c.mode,
       CASE WHEN c.mode = 'native' THEN json_build_object(
           'user_id', p.platform_user_id,
           'profile', coalesce(p.platform_profile, '{}'),
           'linked_at', read.instant(p.linked_at)
       ) END AS platform,
       coalesce(c.contacted, false) AS contacted,
       c.last_contacted_on,
       read.instant(c.next_follow_up_at) AS next_follow_up_at,
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
       c.merged_into,
       c.version,
       c.position,
       read.instant(c.created_at) AS created_at,
       read.instant(c.updated_at) AS updated_at,
       read.instant(c.archived_at) AS archived_at
FROM read.contacts c
LEFT JOIN read.members o ON o.organization_id = c.organization_id AND o.id = c.owner_id
LEFT JOIN read.accounts a ON a.organization_id = c.organization_id AND a.id = c.primary_account_id
LEFT JOIN read.platform_profiles p ON p.organization_id = c.organization_id AND p.id = c.id
