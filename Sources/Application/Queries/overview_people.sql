-- Accounts by what they have become, contacts by whether they can be reached, leads by where they stand; the
-- archived are left out.
SELECT 'account', t.lifecycle, sum(t.accounts)::bigint
FROM read.accounts_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.lifecycle
UNION ALL
SELECT 'contact', t.status, sum(t.contacts)::bigint
FROM read.contacts_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.status
UNION ALL
SELECT 'lead', t.status, sum(t.leads)::bigint
FROM read.leads_totals t
WHERE t.organization_id = $1 AND t.archived IS NOT TRUE
GROUP BY t.status
