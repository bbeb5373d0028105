-- Stream by stream, each an index scan of its own.
SELECT e.organization_id, e.position, e.stream_id, e.version, e.type, e.schema, e.data, e.private, e.meta,
    e.occurred_at, e.recorded_at, e.actor_id, e.command_id, e.command_index, e.merkle
FROM unnest($2::uuid[]) u (stream)
CROSS JOIN LATERAL (
    SELECT * FROM log.event
    WHERE organization_id = $1 AND stream_id = u.stream ORDER BY version
) e
