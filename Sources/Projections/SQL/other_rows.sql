-- How many rows of one table another has not, and how many organizations were looked at: those of which both tables
-- show the same position. $1 and $2 are the projections.
WITH same AS (
    SELECT a.organization_id FROM read.progress a
    JOIN read.progress b ON b.organization_id = a.organization_id AND b.position = a.position
    WHERE a.projection = $1 AND b.projection = $2
)
SELECT (SELECT count(*) FROM same), (
    SELECT count(*) FROM (
        SELECT * FROM {rows} WHERE organization_id IN (SELECT organization_id FROM same)
        EXCEPT ALL
        SELECT * FROM {other} WHERE organization_id IN (SELECT organization_id FROM same)
    ) x
)
