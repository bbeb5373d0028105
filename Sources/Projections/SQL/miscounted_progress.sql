-- Organizations of which a table has not applied each event up to where it is: positions have no holes, so what is
-- applied and what waits behind a held event must be as many as the position says.
SELECT count(*) FROM read.progress p
WHERE p.projection = $1 AND p.events <> p.position - (
    SELECT count(*) FROM read.held h
    JOIN log.event e ON e.organization_id = h.organization_id AND e.stream_id = h.stream_id
        AND e.position BETWEEN h.position AND p.position
    WHERE h.projection = p.projection AND h.organization_id = p.organization_id
)
