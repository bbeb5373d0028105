-- How far each projection is behind the log's own head, in events and in seconds since the first unapplied one was
-- recorded.
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
    greatest(0, max(
        CASE WHEN coalesce(p.position, 0) < h.position THEN (
            SELECT extract(epoch FROM clock_timestamp() - e.recorded_at) FROM log.event e
            WHERE e.organization_id = h.organization_id AND e.position = coalesce(p.position, 0) + 1
        ) END))::float8,
    (SELECT count(*) FROM read.held x WHERE x.projection = r.name)
FROM read.projection r
LEFT JOIN head h ON true
LEFT JOIN read.progress p ON p.projection = r.name AND p.organization_id = h.organization_id
GROUP BY r.name ORDER BY r.name
