-- The stored hashes of complete subtrees, each kept by the event that completes it. Their order is what only the
-- primary key serves (see refuse_gap in schemas/log).
SELECT u.organization, u.level, u.index, substring(e.merkle FROM 32 * u.level + 1 FOR 32)
FROM unnest($1::uuid[], $2::int[], $3::bigint[]) u (organization, level, index)
CROSS JOIN LATERAL (
    SELECT position, merkle FROM log.event
    WHERE organization_id = u.organization AND position <= (u.index + 1) << u.level ORDER BY position DESC LIMIT 1
) e
WHERE e.position = (u.index + 1) << u.level
