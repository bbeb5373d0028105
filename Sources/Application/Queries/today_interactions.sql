-- What a member has taken part in today, and what is to take place until the day is over, by time.
SELECT row_to_json(d)
FROM (
    SELECT i.organization_id, i.id, i.at
    FROM read.today_interactions i
    WHERE i.organization_id = $1 AND (i.owner_id = $2 OR jsonb_exists(i.participants, $2::text))
    ORDER BY i.at, i.id
    LIMIT 50
) c
CROSS JOIN LATERAL (
    SELECT t.id, t.kind, t.status, t.title, t.name, t.subject, t.subject_name, t.contact_id, t.contact_name,
           t.scheduled_at, t.occurred_at, t.duration_minutes, t.location, t.version
    FROM read.interaction_documents t WHERE t.organization_id = c.organization_id AND t.id = c.id
) d
ORDER BY c.at, c.id
