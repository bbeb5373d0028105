-- What reports count: one typed row per deal that is not archived, on the days of the organization's zone, with the
-- names by which rows are grouped. Rows are chosen by the account that a deal names, `told_account_id`, which has an
-- index, and grouped by the one that stands for it. A deal belongs to its owner's team and that team's region.
--
-- Each join tells that it finds one row at most, and the account is asked for by sub-selects: what a report does not
-- name, it does not read, also as of a moment.
CREATE VIEW read.deal_facts WITH (security_invoker = true) AS
SELECT d.organization_id,
       d.id,
       d.title,
       d.status,
       d.amount_minor,
       d.amount_currency AS currency,
       read.probability(d.status, d.probability, s.probability) AS effective_probability,
       read.weighted(d.amount_minor, read.probability(d.status, d.probability, s.probability)) AS weighted_minor,
       read.forecast(d.forecast, read.probability(d.status, d.probability, s.probability)) AS forecast_category,
       (d.opened_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS opened_on,
       d.expected_close AS expected_on,
       d.actual_close AS closed_on,
       d.actual_close - (d.opened_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS days_to_close,
       coalesce(z.fiscal_year_start, 1) AS fiscal_year_start,
       d.pipeline_id,
       d.stage_id,
       s.name AS stage_name,
       s.pipeline_name,
       s.place AS stage_place,
       d.owner_id,
       o.name AS owner_name,
       o.team_id,
       o.team_name,
       o.region,
       coalesce((SELECT a.merged_into
                 FROM (SELECT) one CROSS JOIN read.accounts a
                 WHERE a.organization_id = d.organization_id AND a.id = d.account_id), d.account_id) AS account_id,
       d.account_id AS told_account_id,
       (SELECT CASE WHEN a.merged_into IS NULL THEN a.name
                    ELSE (SELECT w.name FROM read.accounts w
                          WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END
        FROM (SELECT) one CROSS JOIN read.accounts a
        WHERE a.organization_id = d.organization_id AND a.id = d.account_id) AS account_name,
       d.product_id,
       p.name AS product_name,
       d.source,
       d.lost_reason,
       d.lost_to
FROM read.deals d
LEFT JOIN (SELECT DISTINCT ON (z.organization_id, z.id) z.organization_id, z.id, z.time_zone, z.fiscal_year_start
           FROM (SELECT) one CROSS JOIN read.organizations z) z
    ON z.organization_id = d.organization_id AND z.id = d.organization_id
LEFT JOIN (SELECT DISTINCT ON (s.organization_id, s.pipeline_id, s.id) s.organization_id, s.pipeline_id, s.id,
                  s.name, s.pipeline_name, s.place, s.probability
           FROM (SELECT) one CROSS JOIN read.stages s) s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
LEFT JOIN (SELECT DISTINCT ON (o.organization_id, o.id) o.organization_id, o.id, o.name, o.team_id,
                  t.name AS team_name, t.region
           FROM (SELECT) one
           CROSS JOIN read.members o
           LEFT JOIN read.teams t ON t.organization_id = o.organization_id AND t.id = o.team_id) o
    ON o.organization_id = d.organization_id AND o.id = d.owner_id
LEFT JOIN (SELECT DISTINCT ON (p.organization_id, p.id) p.organization_id, p.id, p.name
           FROM (SELECT) one CROSS JOIN read.products p) p
    ON p.organization_id = d.organization_id AND p.id = d.product_id
WHERE d.archived_at IS NULL
