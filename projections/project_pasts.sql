-- The hours that were logged on projects, and how far these were when, as acts that can be asked again (see
-- deal_pasts).
CREATE VIEW read.project_pasts WITH (security_invoker = true) AS
SELECT h.organization_id,
       h.project_id AS id,
       h.created_at AS at,
       0::bigint AS number,
       'log_hours' AS act,
       json_strip_nulls(json_build_object(
           'hours', round(h.minutes / 60.0, 4), 'day', h.day, 'member_id', h.member_id,
           'description', h.description)) AS body
FROM read.project_hours h
UNION ALL
SELECT t.organization_id,
       t.subject_id,
       t.created_at,
       t.number,
       'change_status',
       json_strip_nulls(json_build_object('status', v.status, 'completed_on', v.completed_on))
FROM read.timeline t
JOIN read.projects_versions v
    ON v.organization_id = t.organization_id AND v.id = t.subject_id AND v.since_position = t.number
WHERE t.record_id = t.subject_id AND t.event = 'project.status_changed'
