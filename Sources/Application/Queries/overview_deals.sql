-- Deals that are not archived, by what became of them and by currency; $2: in the base as well.
WITH rates AS MATERIALIZED (
    SELECT r.currency, r.rate, r.base FROM read.base_rates r WHERE r.organization_id = $1 AND $2
)
SELECT t.status, t.amount_currency, sum(t.deals)::bigint, coalesce(sum(t.amount_minor), 0)::bigint,
       (SELECT read.converted(coalesce(sum(t.amount_minor), 0)::bigint, r.currency, r.rate, r.base)
        FROM rates r WHERE r.currency = t.amount_currency)
FROM read.deals_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.status, t.amount_currency
ORDER BY t.status, t.amount_currency
