-- A member's open tasks, at most 50 of each group, the most pressing first: what is overdue, what is due today, the
-- others; and once more those whose reminder is due.
WITH own AS (
    SELECT k.organization_id, k.id, k.due_at, k.priority, k.created_at, s.due, s.overdue, s.due_today, s.reminder_due
    FROM read.tasks k
    JOIN read.task_states s ON s.organization_id = k.organization_id AND s.id = k.id AND s.open
    WHERE k.organization_id = $1 AND k.assignee_id = $2 AND k.open
), grouped AS (
    SELECT o.*, CASE WHEN o.overdue THEN 'overdue' WHEN o.due_today THEN 'due_today' ELSE 'open' END AS part
    FROM own o
    UNION ALL
    SELECT o.*, 'reminders' FROM own o WHERE o.reminder_due
), ranked AS (
    SELECT g.organization_id, g.id, g.part,
           row_number() OVER (PARTITION BY g.part ORDER BY
               g.due, g.due_at, array_position(ARRAY['urgent', 'high', 'medium', 'low'], g.priority), g.created_at,
               g.id) AS place
    FROM grouped g
)
SELECT r.part, row_to_json(d)
FROM ranked r
CROSS JOIN LATERAL (
    SELECT t.id, t.title, t.type, t.status, t.priority, t.due_on, t.due_at, t.due, t.overdue, t.reminder_at,
           t.reminder_due, t.subject, t.subject_name, t.interaction_id, t.version
    FROM read.task_documents t WHERE t.organization_id = r.organization_id AND t.id = r.id
) d
WHERE r.place <= 50
ORDER BY r.part, r.place
