-- How many deals an account has, which is any of $2, by where they stand, and what they come to by currency; the
-- archived are left out.
SELECT d.status, d.amount_currency, count(*), coalesce(sum(d.amount_minor), 0)::bigint
FROM read.deals d
WHERE d.organization_id = $1 AND d.account_id = ANY($2) AND d.archived_at IS NULL
GROUP BY d.status, d.amount_currency
ORDER BY d.status, d.amount_currency
