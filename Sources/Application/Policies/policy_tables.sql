-- Whether the tables of these projections show an organization's log up to $3, with nothing that waits to be healed.
SELECT (
    SELECT count(*) = cardinality($2::text[]) FROM read.progress
    WHERE organization_id = $1 AND projection = ANY ($2) AND position >= $3
) AND NOT EXISTS (SELECT FROM read.held WHERE organization_id = $1 AND projection = ANY ($2))
