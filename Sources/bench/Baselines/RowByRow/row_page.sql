SELECT position, stream_id, version, type, data, occurred_at
FROM log.event WHERE organization_id = $1 AND position > $2 AND position <= $2 + 1000 ORDER BY position
