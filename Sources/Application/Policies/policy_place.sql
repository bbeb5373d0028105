SELECT position FROM log.policy_progress WHERE organization_id = $1 AND policy = $2
