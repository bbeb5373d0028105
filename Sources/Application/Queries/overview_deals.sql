-- Deals that are not archived: by what became of them and by currency, and, where there is a stage, those in it. Stages
-- are those of the pipelines in use in their order; one without deals has one row, and none once it is retired. The
-- totals are read once for both: as of a moment they are made of all deals. $2: in the base as well.
WITH rates AS MATERIALIZED (
    SELECT r.currency, r.rate, r.base FROM read.base_rates r WHERE r.organization_id = $1 AND $2
), totals AS MATERIALIZED (
    SELECT t.pipeline_id, t.stage_id, t.status, t.amount_currency, sum(t.deals) AS deals,
           sum(t.amount_minor) AS amount_minor
    FROM read.deals_totals t
    WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
    GROUP BY t.pipeline_id, t.stage_id, t.status, t.amount_currency
)
SELECT NULL::uuid AS pipeline_id, NULL::text AS pipeline_name, NULL::uuid AS id, NULL::text AS name, t.status AS kind,
       NULL::bigint AS place, t.amount_currency AS currency, sum(t.deals)::bigint AS deals,
       coalesce(sum(t.amount_minor), 0)::bigint AS minor,
       (SELECT read.converted(coalesce(sum(t.amount_minor), 0)::bigint, r.currency, r.rate, r.base)
        FROM rates r WHERE r.currency = t.amount_currency) AS base
FROM totals t
GROUP BY t.status, t.amount_currency
UNION ALL
SELECT s.pipeline_id, s.pipeline_name, s.id, s.name, s.kind,
       s.place, t.amount_currency, coalesce(sum(t.deals), 0)::bigint,
       coalesce(sum(t.amount_minor), 0)::bigint,
       (SELECT read.converted(coalesce(sum(t.amount_minor), 0)::bigint, r.currency, r.rate, r.base)
        FROM rates r WHERE r.currency = t.amount_currency)
FROM read.stages s
JOIN read.pipelines p ON p.organization_id = s.organization_id AND p.id = s.pipeline_id AND p.archived_at IS NULL
LEFT JOIN totals t ON t.pipeline_id = s.pipeline_id AND t.stage_id = s.id
WHERE s.organization_id = $1 AND (NOT s.retired OR t.deals IS NOT NULL)
GROUP BY s.pipeline_id, s.pipeline_name, s.id, s.name, s.kind, s.place, t.amount_currency
ORDER BY pipeline_name, pipeline_id, place, id, kind, currency
