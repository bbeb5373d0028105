-- Members of campaigns, as the API shows them.
CREATE VIEW read.campaign_member_documents WITH (security_invoker = true) AS
SELECT m.organization_id,
       m.id,
       m.campaign_id,
       c.name AS campaign_name,
       json_build_object('entity', m.person_entity, 'id',
           coalesce((SELECT x.into_id FROM read.merges x
                     WHERE x.organization_id = m.organization_id AND x.id = m.person_id), m.person_id)) AS person,
       (SELECT n.name
        FROM (VALUES (m.person_entity, m.person_id)) s (entity, id)
        JOIN read.names n ON n.organization_id = m.organization_id AND n.entity = s.entity AND n.id = s.id)
           AS person_name,
       m.status,
       read.instant(m.enrolled_at) AS enrolled_at,
       read.instant(m.sent_at) AS sent_at,
       read.instant(m.delivered_at) AS delivered_at,
       read.instant(m.opened_at) AS opened_at,
       read.instant(m.clicked_at) AS clicked_at,
       read.instant(m.bounced_at) AS bounced_at,
       read.instant(m.unsubscribed_at) AS unsubscribed_at,
       m.version,
       m.position,
       read.instant(m.created_at) AS created_at,
       read.instant(m.updated_at) AS updated_at,
       read.instant(m.archived_at) AS archived_at
FROM read.campaign_members m
LEFT JOIN read.campaigns c ON c.organization_id = m.organization_id AND c.id = m.campaign_id
