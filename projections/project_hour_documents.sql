-- Hours that were logged on projects, as the API shows them.
CREATE VIEW read.project_hour_documents WITH (security_invoker = true) AS
SELECT h.organization_id,
       h.id,
       h.entry_id,
       h.project_id,
       h.member_id,
       m.name AS member_name,
       h.day,
       round(h.minutes / 60.0, 2) AS hours,
       h.description,
       read.instant(h.created_at) AS logged_at
FROM read.project_hours h
LEFT JOIN read.members m ON m.organization_id = h.organization_id AND m.id = h.member_id
