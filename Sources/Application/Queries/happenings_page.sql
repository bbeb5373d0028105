-- What happened with all records, newest first, and one event more; behind $3 where a page goes on. The log has the
-- order, by its key; what an event's own record tells of it stands in the timeline, where that is shown.
SELECT p.position, d.line
FROM (
    SELECT l.position, l.stream_id, l.occurred_at
    FROM log.event l
    WHERE l.organization_id = $1 AND l.position < coalesce($3, 9223372036854775807)
    ORDER BY l.position DESC
    LIMIT $2
) p
LEFT JOIN LATERAL (
    SELECT row_to_json(s) AS line
    FROM read.timeline t
    CROSS JOIN LATERAL (
        SELECT w.id, w.position, w.occurred_at, w.event, w.record, w.record_name, w.actor_id, w.actor_name, w.details
        FROM read.timeline_documents w
        WHERE w.organization_id = $1 AND w.id = t.id
    ) s
    WHERE t.organization_id = $1 AND t.subject_id = p.stream_id AND t.created_at = p.occurred_at
        AND t.number = p.position
    LIMIT 1
) d ON true
ORDER BY p.position DESC
