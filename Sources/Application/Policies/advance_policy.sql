-- Never back: who was frozen meanwhile has given no command that was not given already.
INSERT INTO log.policy_progress (organization_id, policy, position) VALUES ($1, $2, $3)
ON CONFLICT (organization_id, policy) DO UPDATE SET position = excluded.position
WHERE log.policy_progress.position < excluded.position
