-- What a member might do next, by plain rules, each row with the rule that it comes from and since when it holds. The
-- rules in their order (`place`):
-- 1 interaction_unresolved: its time is over, and nobody said whether it took place.
-- 2 follow_up_due: an account, a contact or a lead was to be followed up by now.
-- 3 lead_uncontacted: an open lead, with which nobody has spoken and nothing took place, and no follow-up is planned.
-- 4 deal_past_close: an open deal was expected to close on a day that is over.
-- 5 deal_rotting: an open deal has been in its stage for longer than the stage allows.
-- 6 deal_untouched: nothing was done to an open deal, and nothing took place about it, for 14 days.
-- 7 deal_without_next_step: an open deal says no next step, and there is no open task about it.
-- A record is there once for each rule: its column is not called `id`, which stands for one row. Each rule has arms of
-- its own: who asks for one place runs these, and pays for nothing that another rule looks at.
CREATE VIEW read.next_best WITH (security_invoker = true) AS
SELECT i.organization_id, i.owner_id AS member_id, 1 AS place, 'interaction_unresolved' AS rule,
       'interaction' AS entity, i.id AS record_id, coalesce(i.title, i.name) AS name, i.scheduled_at AS since
FROM read.interactions i
WHERE i.status = 'scheduled' AND i.archived_at IS NULL AND i.scheduled_at < now()
UNION ALL
SELECT a.organization_id, a.owner_id, 2, 'follow_up_due', 'account', a.id, a.name, a.next_follow_up_at
FROM read.accounts a
WHERE a.archived_at IS NULL AND a.next_follow_up_at <= now()
UNION ALL
SELECT c.organization_id, c.owner_id, 2, 'follow_up_due', 'contact', c.id,
       nullif(concat_ws(' ', c.first_name, c.last_name), ''), c.next_follow_up_at
FROM read.contacts c
WHERE c.archived_at IS NULL AND c.next_follow_up_at <= now()
UNION ALL
SELECT l.organization_id, l.owner_id, 2, 'follow_up_due', 'lead', l.id,
       coalesce(nullif(concat_ws(' ', l.first_name, l.last_name), ''), l.company, l.email), l.next_follow_up_at
FROM read.leads l
WHERE l.status IN ('open', 'qualified') AND l.archived_at IS NULL AND l.next_follow_up_at <= now()
UNION ALL
SELECT l.organization_id, l.owner_id, 3, 'lead_uncontacted', 'lead', l.id,
       coalesce(nullif(concat_ws(' ', l.first_name, l.last_name), ''), l.company, l.email), l.created_at
FROM read.leads l
WHERE l.status = 'open' AND l.archived_at IS NULL AND l.contacted IS NOT TRUE AND l.next_follow_up_at IS NULL
    AND NOT EXISTS (
        SELECT
        FROM (SELECT l.id
              UNION ALL
              SELECT m.id FROM read.merges m WHERE m.organization_id = l.organization_id AND m.into_id = l.id) o
        CROSS JOIN LATERAL (SELECT x.at FROM read.touches x
                            WHERE x.organization_id = l.organization_id AND x.record_id = o.id AND x.took_place
                            LIMIT 1) x)
UNION ALL
SELECT d.organization_id, d.owner_id, 4, 'deal_past_close', 'deal', d.id, d.title,
       (d.expected_close + 1)::timestamp AT TIME ZONE coalesce(z.time_zone, 'UTC')
FROM read.deals d
LEFT JOIN read.organizations z ON z.organization_id = d.organization_id AND z.id = d.organization_id
WHERE d.status = 'open' AND d.archived_at IS NULL
    AND d.expected_close < (now() AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date
UNION ALL
SELECT d.organization_id, d.owner_id, 5, 'deal_rotting', 'deal', d.id, d.title,
       d.entered_stage_at + s.rotting_days * interval '1 day'
FROM read.deals d
LEFT JOIN read.organizations z ON z.organization_id = d.organization_id AND z.id = d.organization_id
LEFT JOIN read.stages s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
WHERE d.status = 'open' AND d.archived_at IS NULL
    AND read.rotting(d.status, read.days(d.entered_stage_at, z.time_zone, now()), s.rotting_days)
UNION ALL
SELECT d.organization_id, d.owner_id, 6, 'deal_untouched', 'deal', d.id, d.title, t.at
FROM read.deals d
CROSS JOIN LATERAL (
    SELECT greatest(d.updated_at, (SELECT max(x.at) FROM read.touches x
                                   WHERE x.organization_id = d.organization_id AND x.record_id = d.id
                                       AND x.took_place)) AS at
) t
-- The first condition follows from the last, and spares asking about deals at which somebody was lately.
WHERE d.status = 'open' AND d.archived_at IS NULL AND d.updated_at < now() - interval '14 days'
    AND t.at < now() - interval '14 days'
UNION ALL
SELECT d.organization_id, d.owner_id, 7, 'deal_without_next_step', 'deal', d.id, d.title, d.updated_at
FROM read.deals d
WHERE d.status = 'open' AND d.archived_at IS NULL AND d.next_step IS NULL AND NOT EXISTS (
    SELECT FROM read.tasks k
    WHERE k.organization_id = d.organization_id AND k.subject_id = d.id AND k.open AND k.archived_at IS NULL)
