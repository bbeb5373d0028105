-- Tasks and interactions in one: what is planned, what is done, what was called off. A page shows what is to come on
-- a record with `subject_id = … AND status = 'scheduled'`. `at` is when it is due, is to take place or took place; a day
-- that is over counts to its end where the organization is.
CREATE VIEW read.activities WITH (security_invoker = true) AS
SELECT k.organization_id,
       k.id,
       'task' AS entity,
       k.type AS kind,
       CASE WHEN k.open THEN 'scheduled' ELSE k.status END AS status,
       k.title,
       k.subject_entity,
       k.subject_id,
       k.assignee_id AS owner_id,
       CASE WHEN k.open THEN coalesce(k.due_at, (k.due_on + 1)::timestamp AT TIME ZONE coalesce(z.time_zone, 'UTC'))
            ELSE k.completed_at END AS at
FROM read.tasks k
LEFT JOIN read.organizations z ON z.organization_id = k.organization_id AND z.id = k.organization_id
WHERE k.archived_at IS NULL
UNION ALL
SELECT i.organization_id, i.id, 'interaction', i.kind, i.status, coalesce(i.title, i.name), i.subject_entity,
       i.subject_id, i.owner_id, coalesce(i.occurred_at, i.scheduled_at)
FROM read.interactions i
WHERE i.archived_at IS NULL
