SELECT organization_id, max(position) FROM log.event GROUP BY organization_id
