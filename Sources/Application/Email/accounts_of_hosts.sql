-- For each of the hosts $2 the oldest account in use whose website is there.
SELECT DISTINCT ON (a.domain) a.domain, a.id, a.name
FROM read.accounts a
WHERE a.organization_id = $1 AND a.domain COLLATE read.people = ANY($2::text[]) AND a.website IS NOT NULL
  AND a.archived_at IS NULL
ORDER BY a.domain, a.created_at, a.id
