SELECT position, merkle FROM log.event WHERE organization_id = $1 AND position = ANY ($2)
