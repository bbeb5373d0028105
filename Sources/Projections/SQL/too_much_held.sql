-- More than 100 streams, or 1 % of the rows and at least 10: whether, and how many; $1 is the projection.
SELECT count(*) > 100 OR count(*) >= 10 AND count(*) * 100 > (SELECT count(*) FROM {rows}), count(*)
FROM read.held WHERE projection = $1
