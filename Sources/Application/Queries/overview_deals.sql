-- Deals that are not archived, by what became of them and by currency.
SELECT t.status, t.amount_currency, sum(t.deals)::bigint, coalesce(sum(t.amount_minor), 0)::bigint
FROM read.deals_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.status, t.amount_currency
ORDER BY t.status, t.amount_currency
