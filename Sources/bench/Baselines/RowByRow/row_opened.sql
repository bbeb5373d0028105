INSERT INTO bench.deals (
    organization_id, id, title, pipeline, stage, amount, currency, owner, contact_id, company, source, priority,
    probability, expected_close, custom, moves, edits, opened_at, version, position, created_at, updated_at)
SELECT $1, $2, d ->> 'title', (d ->> 'pipeline')::uuid, d ->> 'stage', (d #>> '{amount,minor}')::bigint,
    d #>> '{amount,currency}', (d ->> 'owner')::uuid, (d ->> 'contact_id')::uuid, (d ->> 'company')::uuid,
    d ->> 'source', (d ->> 'priority')::bigint, (d ->> 'probability')::numeric, (d ->> 'expected_close')::date,
    (d -> 'custom')::jsonb, 0, 0, $6, $4, $3, $6, $6
FROM (SELECT $5::json AS d) e
