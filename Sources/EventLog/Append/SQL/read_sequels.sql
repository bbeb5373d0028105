-- What follows the heads that are known, from the event at each of them on. Of each log in the order of positions: the
-- one index that serves the inner query gives it, and rows of a nested loop come as they are read.
SELECT u.organization, e.position, e.stream_id, e.version, e.occurred_at, e.recorded_at, e.leaf
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) u (organization, head, most)
CROSS JOIN LATERAL (
    SELECT position, stream_id, version, occurred_at, recorded_at, substring(merkle FROM 1 FOR 32) AS leaf
    FROM log.event WHERE organization_id = u.organization AND position >= u.head
    ORDER BY position LIMIT u.most
) e
