-- Stream by stream, each an index scan of its own; what the events hold is not read.
SELECT u.stream, e.type, e.version, e.written, e.position
FROM unnest($2::uuid[]) u (stream)
CROSS JOIN LATERAL (
    SELECT min(type) FILTER (WHERE version = 1) AS type, coalesce(max(version), 0) AS version,
        max(version) FILTER (WHERE command_id = $3 AND position > $4) AS written,
        max(position) FILTER (WHERE command_id = $3 AND position > $4) AS position
    FROM log.event WHERE organization_id = $1 AND stream_id = u.stream
) e
