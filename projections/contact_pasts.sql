-- When somebody spoke with contacts, and since when one is on the platform, as acts that can be asked again (see
-- deal_pasts). What one began with that was changed since stands first.
CREATE VIEW read.contact_pasts WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.subject_id AS id,
       t.created_at AS at,
       t.number,
       CASE WHEN t.event = 'contact.created' THEN 'create' WHEN v.contacted THEN 'mark_contacted' ELSE 'edit' END
           AS act,
       CASE WHEN t.event = 'contact.contacted' AND v.contacted THEN '{}'
            ELSE json_build_object('contacted', v.contacted) END AS body
FROM read.timeline t
JOIN read.contacts c ON c.organization_id = t.organization_id AND c.id = t.subject_id
JOIN read.contacts_versions v
    ON v.organization_id = t.organization_id AND v.id = t.subject_id AND v.since_position = t.number
WHERE t.record_id = t.subject_id
    AND (t.event = 'contact.contacted'
        OR t.event = 'contact.created' AND v.contacted IS DISTINCT FROM c.contacted)
UNION ALL
SELECT t.organization_id,
       t.subject_id,
       t.created_at,
       t.number,
       CASE t.event WHEN 'contact.created' THEN 'create' ELSE 'link_platform_user' END,
       CASE t.event
           WHEN 'contact.created'
           THEN json_build_object('platform_user_id', NULL::text, 'platform_profile', NULL::text)
           ELSE json_build_object('platform_user_id', p.platform_user_id, 'platform_profile', p.platform_profile)
       END
FROM read.timeline t
JOIN read.contacts c ON c.organization_id = t.organization_id AND c.id = t.subject_id
JOIN read.platform_profiles p ON p.organization_id = t.organization_id AND p.id = t.subject_id
WHERE t.record_id = t.subject_id AND p.linked AND p.linked_at > c.created_at
    AND (t.event = 'contact.created'
        OR t.event = 'contact.linked_to_platform_user' AND t.created_at = p.linked_at)
