-- An event past the appender, so many positions behind the head.
INSERT INTO log.event
SELECT organization_id, position + $2, gen_random_uuid(), 1, 'account.created', 1, '{}', NULL, '{}', recorded_at,
    recorded_at, actor_id, gen_random_uuid(), 0, decode(repeat('00', 32), 'hex')
FROM log.event WHERE organization_id = $1 ORDER BY position DESC LIMIT 1
