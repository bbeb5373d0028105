-- The order is what only the primary key serves (see refuse_gap in schemas/log).
SELECT substring(merkle FROM 1 FOR 32)
FROM (
    SELECT position, merkle FROM log.event
    WHERE organization_id = $1 AND position <= $2 ORDER BY position DESC LIMIT 1
) e
WHERE position = $2
