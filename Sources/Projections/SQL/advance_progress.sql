-- Compares before it sets. Where a row is not as it was read, somebody else applied these events, folded rows again or
-- rebuilt the table: the division by zero (22012) undoes the whole transaction, without a round trip to look. It takes
-- the progress rows' locks first, so two projectors wait for each other here and nowhere else.
WITH moved AS (
    UPDATE read.progress p
    SET position = u.position, events = u.events, leaf_sum = u.leaf_sum, updated_at = clock_timestamp()
    FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[],
        $9::int[]) AS u (projection, generation, old_position, old_events, position, events, leaf_sum, refolds)
    WHERE p.organization_id = $1 AND p.projection = u.projection AND p.generation = u.generation
        AND p.position = u.old_position AND p.events = u.old_events AND p.refolds = u.refolds
    RETURNING 1
)
SELECT 1 / (count(*) = cardinality($2::text[]))::int FROM moved
