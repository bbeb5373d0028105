-- How far each projection is behind the log's own head, in events and in seconds since the first unapplied one was
-- recorded; and for how long nothing was applied although something waits: anywhere, and in the worst organization.
WITH RECURSIVE organization AS (
    (SELECT organization_id FROM log.event ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.organization_id FROM log.event e
        WHERE e.organization_id > o.organization_id ORDER BY e.organization_id LIMIT 1
    ) FROM organization o WHERE o.organization_id IS NOT NULL
), head AS (
    SELECT o.organization_id, (
        SELECT e.position FROM log.event e
        WHERE e.organization_id = o.organization_id ORDER BY e.position DESC LIMIT 1
    ) AS position
    FROM organization o WHERE o.organization_id IS NOT NULL
)
SELECT r.name, r.state, extract(epoch FROM clock_timestamp() - r.heartbeat_at)::float8, count(h.organization_id),
    coalesce(sum(p.events), 0)::bigint,
    coalesce(sum(h.position - coalesce(p.position, 0)), 0)::bigint,
    greatest(0, max(w.age))::float8,
    (SELECT count(*) FROM read.held x WHERE x.projection = r.name),
    -- LEAST passes over NULL: where nothing was ever applied, the age decides.
    greatest(0, CASE WHEN max(w.age) IS NOT NULL THEN
        least(max(w.age), extract(epoch FROM clock_timestamp() - max(p.updated_at))) END)::float8,
    greatest(0, max(CASE WHEN w.age IS NOT NULL THEN
        least(w.age, extract(epoch FROM clock_timestamp() - p.updated_at)) END))::float8
FROM read.projection r
LEFT JOIN head h ON true
LEFT JOIN read.progress p ON p.projection = r.name AND p.organization_id = h.organization_id
LEFT JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - e.recorded_at) AS age FROM log.event e
    WHERE coalesce(p.position, 0) < h.position AND e.organization_id = h.organization_id
        AND e.position = coalesce(p.position, 0) + 1
) w ON true
GROUP BY r.name ORDER BY r.name
