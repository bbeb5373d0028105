-- How many rows one table has that another has not or has otherwise, and how many it lacks: in the organizations of
-- which both show the same position. $1 and $2 are the projections. A row has a key, so each table is read once.
WITH same AS (
    SELECT a.organization_id FROM read.progress a
    JOIN read.progress b ON b.organization_id = a.organization_id AND b.position = a.position
    WHERE a.projection = $1 AND b.projection = $2
)
SELECT count(*)
FROM (SELECT * FROM {rows} WHERE organization_id IN (SELECT organization_id FROM same)) a
FULL JOIN (SELECT * FROM {other} WHERE organization_id IN (SELECT organization_id FROM same)) b
    USING (organization_id, id)
WHERE a.position IS NULL OR b.position IS NULL OR {differs}
