-- A projection's first batch of an organization; where another process was first, the compare that follows fails.
INSERT INTO read.progress (projection, organization_id, generation, position, events, leaf_sum)
SELECT u.projection, $1, u.generation, 0, 0, decode(repeat('00', 32), 'hex')
FROM unnest($2::text[], $3::int[]) AS u (projection, generation)
ON CONFLICT (projection, organization_id) DO NOTHING
