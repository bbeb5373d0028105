-- What state of the log the projections of $2 show, in this snapshot: the lowest checkpoint, its leaf hash's first
-- bytes, and whether a stream of them waits to be healed.
SELECT p.position, substr(e.merkle, 1, 8),
       EXISTS (SELECT FROM read.held h WHERE h.organization_id = $1 AND h.projection = ANY ($2))
FROM (
    SELECT CASE WHEN count(*) < cardinality($2) THEN 0 ELSE min(position) END AS position
    FROM read.progress
    WHERE organization_id = $1 AND projection = ANY ($2)
) p
LEFT JOIN log.event e ON e.organization_id = $1 AND e.position = p.position
