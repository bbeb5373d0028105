-- How much a member has to do, and which day it is where the organization is: in UTC, as long as its row is not there.
SELECT count(*) FILTER (WHERE s.open),
       count(*) FILTER (WHERE s.overdue),
       count(*) FILTER (WHERE s.due_today),
       count(*) FILTER (WHERE s.reminder_due),
       (now() AT TIME ZONE coalesce((
           SELECT z.time_zone FROM read.organizations z WHERE z.organization_id = $1 AND z.id = $1), 'UTC'))::date
FROM read.task_states s
JOIN read.tasks k ON k.organization_id = s.organization_id AND k.id = s.id
WHERE k.organization_id = $1 AND k.assignee_id = $2 AND k.open
