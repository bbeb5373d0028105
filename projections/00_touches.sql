-- When there was something between us and a record: what took place about it, or with it where it is a contact.
CREATE VIEW read.touches WITH (security_invoker = true) AS
SELECT i.organization_id, i.subject_id AS record_id, i.occurred_at AS at
FROM read.interactions i
WHERE i.status = 'completed' AND i.archived_at IS NULL
UNION ALL
SELECT i.organization_id, i.contact_id, i.occurred_at
FROM read.interactions i
WHERE i.status = 'completed' AND i.archived_at IS NULL AND i.contact_id <> i.subject_id
