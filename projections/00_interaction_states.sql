-- What the clock makes of interactions: nothing of it is stored. The flags are filters of the list:
-- `/interactions?upcoming=true`. What is overdue was to take place, and nobody said whether it did.
CREATE VIEW read.interaction_states WITH (security_invoker = true) AS
SELECT i.organization_id,
       i.id,
       i.owner_id,
       i.status = 'scheduled' AND i.archived_at IS NULL AND i.scheduled_at >= now() AS upcoming,
       i.status = 'scheduled' AND i.archived_at IS NULL AND i.scheduled_at < now() AS overdue
FROM read.interactions i
