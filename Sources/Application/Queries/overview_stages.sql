-- Stages of the pipelines in use in their order, with their deals by currency; a stage without deals has one row, and
-- none once it is retired.
WITH rates AS MATERIALIZED (
    SELECT r.currency, r.rate, r.base FROM read.base_rates r WHERE r.organization_id = $1 AND $2
)
SELECT s.pipeline_id, s.pipeline_name, s.id, s.name, s.kind, s.place,
       t.amount_currency, coalesce(sum(t.deals), 0)::bigint, coalesce(sum(t.amount_minor), 0)::bigint,
       (SELECT read.converted(coalesce(sum(t.amount_minor), 0)::bigint, r.currency, r.rate, r.base)
        FROM rates r WHERE r.currency = t.amount_currency)
FROM read.stages s
JOIN read.pipelines p ON p.organization_id = s.organization_id AND p.id = s.pipeline_id AND p.archived_at IS NULL
LEFT JOIN read.deals_totals t
    ON t.organization_id = s.organization_id AND t.pipeline_id = s.pipeline_id AND t.stage_id = s.id
    AND t.archived IS NOT TRUE
WHERE s.organization_id = $1 AND (NOT s.retired OR t.deals IS NOT NULL)
GROUP BY s.pipeline_id, s.pipeline_name, s.id, s.name, s.kind, s.place, t.amount_currency
ORDER BY s.pipeline_name, s.pipeline_id, s.place, s.id, t.amount_currency
