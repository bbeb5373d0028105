-- How far each projection is behind the head of one organization's log, in events and in seconds since the first
-- unapplied one was recorded, and for how long nothing was applied although something waits; the columns are those of
-- lag.sql.
WITH head AS (
    SELECT coalesce((
        SELECT position FROM log.event WHERE organization_id = $1 ORDER BY position DESC LIMIT 1
    ), 0) AS position
)
SELECT r.name, r.state, extract(epoch FROM clock_timestamp() - r.heartbeat_at)::float8, 1::bigint,
    coalesce(p.events, 0), h.position - coalesce(p.position, 0), greatest(0, w.age)::float8,
    (SELECT count(*) FROM read.held x WHERE x.projection = r.name AND x.organization_id = $1), s.stall, s.stall
FROM read.projection r CROSS JOIN head h
LEFT JOIN read.progress p ON p.projection = r.name AND p.organization_id = $1
LEFT JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - e.recorded_at) AS age FROM log.event e
    WHERE e.organization_id = $1 AND e.position = coalesce(p.position, 0) + 1
) w ON true
-- LEAST passes over NULL: where nothing was ever applied, the age decides.
CROSS JOIN LATERAL (
    SELECT greatest(0, CASE WHEN w.age IS NOT NULL THEN
        least(w.age, extract(epoch FROM clock_timestamp() - p.updated_at)) END)::float8 AS stall
) s
ORDER BY r.name
