-- A stream's events from its first on, for a reader of one organization.
SELECT e.position, e.version, e.type, e.schema, e.occurred_at, e.recorded_at, e.actor_id, e.meta, e.data
FROM log.event e
WHERE e.organization_id = $1 AND e.stream_id = $2
ORDER BY e.version
LIMIT $3
