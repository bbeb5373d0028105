-- The log's head, and the first bytes of the leaf hash at a position.
SELECT (SELECT h.position FROM log.event h WHERE h.organization_id = $1 ORDER BY h.position DESC LIMIT 1),
       (SELECT substr(e.merkle, 1, 8) FROM log.event e WHERE e.organization_id = $1 AND e.position = $2)
