-- Members of campaigns who are there already: they were merged into somebody who is part of the same campaign, or with
-- whom another is. Lists and funnels leave them out.
CREATE VIEW read.campaign_member_doubles WITH (security_invoker = true) AS
SELECT d.organization_id, d.id, d.campaign_id, d.sent, d.delivered, d.opened, d.clicked, d.bounced, d.unsubscribed
FROM read.merges m
CROSS JOIN LATERAL (
    SELECT b.*
    FROM read.campaign_members b
    WHERE b.organization_id = m.organization_id AND b.person_id = m.id AND b.archived_at IS NULL
        AND (
            SELECT true
            FROM (SELECT m.into_id AS id, 0 AS place
                  UNION ALL
                  SELECT x.id, 1 FROM read.merges x
                  WHERE x.organization_id = m.organization_id AND x.into_id = m.into_id) k
            CROSS JOIN LATERAL (
                SELECT o.id FROM read.campaign_members o
                WHERE o.organization_id = m.organization_id AND o.person_id = k.id
                    AND o.campaign_id = b.campaign_id AND o.archived_at IS NULL
                OFFSET 0) o
            WHERE k.place = 0 OR o.id < b.id
            LIMIT 1)
) d
WHERE m.into_id IS NOT NULL
