-- The stages of the organization's first pipeline in their order, with the log's head and when it was recorded.
SELECT e.stream_id, s.key::uuid, s.value ->> 'kind', h.position, h.recorded_at
FROM (
    SELECT stream_id, data FROM log.event
    WHERE organization_id = $1 AND type = 'pipeline.created' ORDER BY position LIMIT 1
) e
CROSS JOIN json_each(e.data -> 'stages') s
CROSS JOIN (
    SELECT position, recorded_at FROM log.event WHERE organization_id = $1 ORDER BY position DESC LIMIT 1
) h
ORDER BY (s.value ->> 'position')::int
