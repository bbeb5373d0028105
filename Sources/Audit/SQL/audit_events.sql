COPY (
    SELECT e.organization_id, e.position, e.stream_id, e.version, e.type, e.schema, e.data, e.private, e.meta,
        e.occurred_at, e.recorded_at, e.actor_id, e.command_id, e.command_index, e.merkle, c.root, c.note
    FROM log.event e
    LEFT JOIN log.checkpoint c ON c.organization_id = e.organization_id AND c.size = e.position
    WHERE e.organization_id = '{organization}'
    ORDER BY e.position
) TO STDOUT (FORMAT binary)
