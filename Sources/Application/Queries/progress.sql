-- What state of the log the projections of $2 show, in this snapshot: the lowest checkpoint, and its leaf hash's first bytes.
SELECT p.position, substr(e.merkle, 1, 8)
FROM (
    SELECT CASE WHEN count(*) < cardinality($2) THEN 0 ELSE min(position) END AS position
    FROM read.progress
    WHERE organization_id = $1 AND projection = ANY ($2)
) p
LEFT JOIN log.event e ON e.organization_id = $1 AND e.position = p.position
