-- The next events of an organization. Positions have no holes, so a range of them is a limit, and it needs no other
-- plan.
SELECT position, stream_id, version, type, schema, data, private, occurred_at, recorded_at, actor_id,
    substring(merkle FOR 32)
FROM log.event WHERE organization_id = $1 AND position > $2 AND position <= $3 ORDER BY position
