-- A projection's first batch of an organization. Where another process was first, or the table was built anew by
-- another file meanwhile, nothing is inserted, and the compare that follows fails. FOR SHARE: a swap waits for this
-- batch, or it for the swap. A table that is being rebuilt (NAME__new) has no row of its own yet.
WITH deployed AS (
    SELECT name, generation FROM read.projection WHERE name = ANY ($2) AND state = 'live' ORDER BY name FOR SHARE
)
INSERT INTO read.progress (projection, organization_id, generation, position, events, leaf_sum)
SELECT u.projection, $1, u.generation, 0, 0, decode(repeat('00', 32), 'hex')
FROM unnest($2::text[], $3::int[]) AS u (projection, generation)
LEFT JOIN deployed d ON d.name = u.projection AND d.generation = u.generation
WHERE d.name IS NOT NULL OR right(u.projection, 5) = '__new'
ON CONFLICT (projection, organization_id) DO NOTHING
