-- How far the organization's log goes, and whether there are others beside it.
SELECT coalesce(max(e.position), 0),
    EXISTS (SELECT FROM log.event WHERE organization_id < $1)
    OR EXISTS (SELECT FROM log.event WHERE organization_id > $1)
FROM log.event e WHERE e.organization_id = $1
