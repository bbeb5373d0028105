-- The policies that this database knows have reacted to all of it. A backup may say so itself.
INSERT INTO log.policy_progress (organization_id, policy, position) SELECT $1, name, $2 FROM log.policy
ON CONFLICT (organization_id, policy) DO NOTHING
