-- Accounts by what they have become and contacts by whether they can be reached; the archived are left out.
SELECT 'account', t.lifecycle, sum(t.accounts)::bigint
FROM read.accounts_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.lifecycle
UNION ALL
SELECT 'contact', t.status, sum(t.contacts)::bigint
FROM read.contacts_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.status
