-- With whom pipelines are shared, and which stages were retired for which, as acts that can be asked again (see
-- deal_pasts).
CREATE VIEW read.pipeline_pasts WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id,
       max(t.created_at) AS at,
       max(t.number) AS number,
       'share' AS act,
       json_build_object('with', json_build_object('entity', h.value ->> 'entity', 'id', h.key)) AS body
FROM read.pipelines p
CROSS JOIN LATERAL jsonb_each(p.shared_with) h
JOIN read.timeline t
    ON t.organization_id = p.organization_id AND t.subject_id = p.id AND t.record_id = p.id
        AND t.event = 'pipeline.shared' AND t.details -> 'shared_with' ? h.key
GROUP BY p.organization_id, p.id, h.key, h.value ->> 'entity'
UNION ALL
SELECT t.organization_id,
       t.subject_id,
       t.created_at,
       t.number,
       'retire_stage',
       json_build_object('stage_id', r.key, 'target_id', r.value)
FROM read.timeline t
CROSS JOIN LATERAL jsonb_each_text(t.details -> 'retired') r
WHERE t.record_id = t.subject_id AND t.event = 'pipeline.stage_retired'
