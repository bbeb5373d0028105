-- When there was something between us and a record: what took place about it, or with it where it is a contact. Whether
-- it took place is told by a column: without conditions of its own the view lets the last one be found by the indexes.
CREATE VIEW read.touches WITH (security_invoker = true) AS
SELECT i.organization_id, i.subject_id AS record_id, i.occurred_at AS at,
       i.status = 'completed' AND i.archived_at IS NULL AS took_place
FROM read.interactions i
UNION ALL
SELECT i.organization_id, i.contact_id, i.occurred_at, i.status = 'completed' AND i.archived_at IS NULL
FROM read.interactions i
