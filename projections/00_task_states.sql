-- What the clock makes of tasks: nothing of it is stored. A day is over when it is over where the organization is. The
-- flags are filters of the list: `/tasks?overdue=true`.
CREATE VIEW read.task_states WITH (security_invoker = true) AS
SELECT s.organization_id,
       s.id,
       s.assignee_id,
       s.subject_entity,
       s.subject_id,
       s.is_open AS open,
       s.due,
       s.is_open AND coalesce(s.due_at < now(), s.due < s.today, false) AS overdue,
       s.is_open AND coalesce(s.due_at >= now(), true) AND coalesce(s.due = s.today, false) AS due_today,
       s.is_open AND coalesce(s.reminder_at <= now(), false) AS reminder_due
FROM (
    SELECT k.organization_id, k.id, k.assignee_id, k.subject_entity, k.subject_id, k.due_at, k.reminder_at,
           k.open AND k.archived_at IS NULL AS is_open,
           coalesce(k.due_on, (k.due_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date) AS due,
           (now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS today
    FROM read.tasks k
    LEFT JOIN read.organizations z ON z.organization_id = k.organization_id AND z.id = k.organization_id
) s
