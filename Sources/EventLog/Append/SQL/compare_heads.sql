-- Fails (22012), and its transaction with it, where a log has another head than was decided on.
SELECT 1 / (count(*) = 0)::int
FROM unnest($1::uuid[], $2::bigint[]) u (organization, position)
WHERE u.position <> coalesce((
    SELECT e.position FROM log.event e WHERE e.organization_id = u.organization ORDER BY e.position DESC LIMIT 1), 0)
