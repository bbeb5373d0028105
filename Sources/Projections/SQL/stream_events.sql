-- One stream up to a position, in order.
SELECT position, stream_id, version, type, schema, data, private, occurred_at, recorded_at, actor_id,
    substring(merkle FOR 32)
FROM log.event WHERE organization_id = $1 AND stream_id = $2 AND position <= $3 ORDER BY version
