-- The leads in use that have one of the addresses $2, or had it when they were merged into one; the oldest first.
SELECT l.email, coalesce(l.merged_into, l.id)
FROM read.leads l
WHERE l.organization_id = $1 AND l.email COLLATE read.people = ANY($2::text[])
  AND (l.archived_at IS NULL OR l.merged_into IS NOT NULL)
ORDER BY l.created_at, l.id
LIMIT 200
