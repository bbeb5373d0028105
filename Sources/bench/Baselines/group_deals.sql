-- The rows of `deals_alone` by one statement, for orientation.
SET work_mem = '1GB';
SET max_parallel_workers_per_gather = 0;
CREATE OR REPLACE AGGREGATE bench.jsonb_merge (jsonb) (SFUNC = jsonb_concat, STYPE = jsonb);
DROP TABLE IF EXISTS bench.grouped;
CREATE TABLE bench.grouped (LIKE read.deals_alone) WITH (fillfactor = 80);
INSERT INTO bench.grouped (
    organization_id, id, title, pipeline, stage, amount, currency, owner, contact_id, company, source, priority,
    probability, expected_close, custom, moves, edits, opened_at, moved_at, archived_at, version, position, created_at,
    updated_at)
SELECT organization_id, stream_id,
    (array_agg(coalesce(d ->> 'title', d #>> '{set,title}'))
        FILTER (WHERE type = 'deal.opened' OR d #> '{set,title}' IS NOT NULL))[1],
    (array_agg((d ->> 'pipeline')::uuid) FILTER (WHERE type = 'deal.opened'))[1],
    (array_agg(coalesce(d ->> 'stage', d ->> 'to')) FILTER (WHERE type IN ('deal.opened', 'deal.moved')))[1],
    (array_agg((d #>> '{amount,minor}')::bigint) FILTER (WHERE type IN ('deal.opened', 'deal.repriced')))[1],
    (array_agg(d #>> '{amount,currency}') FILTER (WHERE type IN ('deal.opened', 'deal.repriced')))[1],
    (array_agg((d ->> 'owner')::uuid) FILTER (WHERE type IN ('deal.opened', 'deal.assigned')))[1],
    (array_agg((d ->> 'contact_id')::uuid) FILTER (WHERE type = 'deal.opened'))[1],
    (array_agg((d ->> 'company')::uuid) FILTER (WHERE type = 'deal.opened'))[1],
    (array_agg(CASE type WHEN 'deal.opened' THEN d ->> 'source' ELSE d #>> '{set,source}' END)
        FILTER (WHERE type = 'deal.opened' OR d #> '{set,source}' IS NOT NULL))[1],
    (array_agg(CASE type WHEN 'deal.opened' THEN d ->> 'priority' ELSE d #>> '{set,priority}' END::bigint)
        FILTER (WHERE type = 'deal.opened' OR d #> '{set,priority}' IS NOT NULL))[1],
    (array_agg((d ->> 'probability')::numeric) FILTER (WHERE type IN ('deal.opened', 'deal.repriced')))[1],
    (array_agg(CASE type WHEN 'deal.opened' THEN d ->> 'expected_close' ELSE d #>> '{set,expected_close}' END::date)
        FILTER (WHERE type = 'deal.opened' OR d #> '{set,expected_close}' IS NOT NULL))[1],
    bench.jsonb_merge(d -> 'custom' ORDER BY version) FILTER (WHERE type IN ('deal.opened', 'deal.customized')),
    count(*) FILTER (WHERE type = 'deal.moved'), count(*) FILTER (WHERE type = 'deal.edited'),
    max(occurred_at) FILTER (WHERE type = 'deal.opened'), max(occurred_at) FILTER (WHERE type = 'deal.moved'),
    (array_agg(CASE type WHEN 'deal.archived' THEN occurred_at END)
        FILTER (WHERE type IN ('deal.archived', 'deal.restored')))[1],
    max(version), max(position), min(occurred_at), max(occurred_at)
FROM (
    SELECT organization_id, stream_id, version, position, type, data::jsonb AS d, occurred_at FROM log.event
    ORDER BY organization_id, stream_id, version DESC
) e
GROUP BY organization_id, stream_id;
ALTER TABLE bench.grouped ADD PRIMARY KEY (organization_id, id)
