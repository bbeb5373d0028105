-- What a rebuild has read of each organization.
INSERT INTO read.progress (projection, organization_id, generation, position, events, leaf_sum)
SELECT $1, u.organization_id, $2, u.position, u.events, u.leaf_sum
FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[]) AS u (organization_id, position, events, leaf_sum)
