-- What reports count: one typed row per deal that is not archived, on the days of the organization's zone, with the
-- names by which rows are grouped. Rows are chosen by the account that a deal names, `told_account_id`, which has an
-- index, and grouped by the one that stands for it. A deal belongs to its owner's team and that team's region.
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
       t.name AS team_name,
       t.region,
       coalesce(a.merged_into, d.account_id) AS account_id,
       d.account_id AS told_account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS account_name,
       d.product_id,
       p.name AS product_name,
       d.source,
       d.lost_reason,
       d.lost_to
FROM read.deals d
LEFT JOIN read.organizations z ON z.organization_id = d.organization_id AND z.id = d.organization_id
LEFT JOIN read.stages s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
LEFT JOIN read.members o ON o.organization_id = d.organization_id AND o.id = d.owner_id
LEFT JOIN read.teams t ON t.organization_id = o.organization_id AND t.id = o.team_id
LEFT JOIN read.accounts a ON a.organization_id = d.organization_id AND a.id = d.account_id
LEFT JOIN read.products p ON p.organization_id = d.organization_id AND p.id = d.product_id
WHERE d.archived_at IS NULL
