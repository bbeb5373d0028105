SELECT substring(merkle FROM 1 FOR 32) FROM log.event WHERE organization_id = $1 AND position = $2
