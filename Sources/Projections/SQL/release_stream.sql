-- Compared like the progress: where it is gone already, somebody else healed it, and all of this is undone.
WITH gone AS (
    DELETE FROM read.held WHERE projection = $1 AND organization_id = $2 AND stream_id = $3 RETURNING 1
)
SELECT 1 / count(*) FROM gone
