-- How long deals were in which stage: one row for each time that a deal was in one, from its first event on. `seconds`
-- counts to when it left, or to now; not where it won or lost, which is no stage to get out of. Each join tells that it
-- finds one row at most: what is not asked for is not read.
CREATE VIEW read.deal_spans WITH (security_invoker = true) AS
SELECT v.organization_id,
       v.id AS deal_id,
       v.pipeline_id,
       s.pipeline_name,
       v.stage_id,
       s.name AS stage_name,
       s.kind,
       s.place AS stage_place,
       v.since_at AS entered_at,
       v.until_at AS left_at,
       CASE WHEN v.until_at IS NOT NULL OR s.kind = 'open'
            THEN extract(epoch FROM coalesce(v.until_at, now()) - v.since_at)::bigint END AS seconds,
       (v.since_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS entered_on,
       d.owner_id,
       d.archived_at,
       v.since_position,
       v.until_position
FROM read.deal_stages_versions v
LEFT JOIN (SELECT DISTINCT ON (z.organization_id, z.id) z.organization_id, z.id, z.time_zone
           FROM (SELECT) one CROSS JOIN read.organizations z) z
    ON z.organization_id = v.organization_id AND z.id = v.organization_id
LEFT JOIN (SELECT DISTINCT ON (s.organization_id, s.pipeline_id, s.id) s.organization_id, s.pipeline_id, s.id,
                  s.name, s.pipeline_name, s.kind, s.place
           FROM (SELECT) one CROSS JOIN read.stages s) s
    ON s.organization_id = v.organization_id AND s.pipeline_id = v.pipeline_id AND s.id = v.stage_id
LEFT JOIN read.deals d ON d.organization_id = v.organization_id AND d.id = v.id
