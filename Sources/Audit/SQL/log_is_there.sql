SELECT EXISTS (SELECT FROM log.event WHERE organization_id = $1)
    OR EXISTS (SELECT FROM log.checkpoint WHERE organization_id = $1)
