-- The leads in use that have one of the addresses $2, the oldest first.
SELECT l.email, l.id
FROM read.leads l
WHERE l.organization_id = $1 AND l.email COLLATE read.people = ANY($2::text[]) AND l.archived_at IS NULL
ORDER BY l.created_at, l.id
LIMIT 200
