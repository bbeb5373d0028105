-- What took place today where the organization is, and what is to take place until the day is over: also what was to
-- earlier, and nobody said whether it did. No day began more than 26 hours ago: so much is known without knowing where.
CREATE VIEW read.today_interactions WITH (security_invoker = true) AS
SELECT i.organization_id, i.id, i.owner_id, i.participants, i.occurred_at AS at
FROM read.interactions i
JOIN read.organizations z ON z.organization_id = i.organization_id AND z.id = i.organization_id
WHERE i.status = 'completed' AND i.archived_at IS NULL AND i.occurred_at >= now() - interval '26 hours'
    AND i.occurred_at >= (now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date::timestamp
        AT TIME ZONE coalesce(z.time_zone, 'UTC')
UNION ALL
SELECT i.organization_id, i.id, i.owner_id, i.participants, i.scheduled_at
FROM read.interactions i
JOIN read.organizations z ON z.organization_id = i.organization_id AND z.id = i.organization_id
WHERE i.status = 'scheduled' AND i.archived_at IS NULL
    AND i.scheduled_at < ((now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date + 1)::timestamp
        AT TIME ZONE coalesce(z.time_zone, 'UTC')
