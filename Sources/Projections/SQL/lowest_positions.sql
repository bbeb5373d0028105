-- How far these projections are, by organization: the one that is furthest behind counts.
SELECT organization_id, CASE WHEN count(*) < cardinality($1) THEN 0 ELSE min(position) END
FROM read.progress WHERE projection = ANY ($1) GROUP BY organization_id
