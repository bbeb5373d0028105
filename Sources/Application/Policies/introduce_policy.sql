-- A policy that this database has not met stands, in each log that is there, behind what has happened. Who comes at the
-- same time waits for the first and then finds nothing to do.
WITH RECURSIVE new AS (
    INSERT INTO log.policy (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING name
), organization AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.organization_id ORDER BY e.organization_id LIMIT 1
    ) FROM organization o WHERE o.organization_id IS NOT NULL
)
INSERT INTO log.policy_progress (organization_id, policy, position)
SELECT o.organization_id, new.name, (
    SELECT e.position FROM log.event e WHERE e.organization_id = o.organization_id ORDER BY e.position DESC LIMIT 1)
FROM organization o CROSS JOIN new WHERE o.organization_id IS NOT NULL
