-- Stages in which deals rot, and since when: a deal that entered one before `since` has been in it for more days than
-- it allows, by the organization's calendar. `deal_documents.rotting` says the same.
CREATE VIEW read.rotting_stages WITH (security_invoker = true) AS
SELECT s.organization_id,
       s.pipeline_id,
       s.id AS stage_id,
       s.rotting_days,
       ((now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date - s.rotting_days::integer)::timestamp
           AT TIME ZONE coalesce(z.time_zone, 'UTC') AS since
FROM (SELECT) one
CROSS JOIN read.stages s
LEFT JOIN read.organizations z ON z.organization_id = s.organization_id AND z.id = s.organization_id
WHERE s.kind = 'open' AND s.rotting_days IS NOT NULL
