-- One row per stage of a pipeline. Other views stand on this one: views are made in the order of their files' names.
CREATE VIEW read.stages WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id AS pipeline_id,
       p.name AS pipeline_name,
       s.key::uuid AS id,
       s.value ->> 'name' AS name,
       s.value ->> 'kind' AS kind,
       (s.value ->> 'position')::bigint AS place,
       (s.value ->> 'probability')::bigint AS probability,
       (s.value ->> 'rotting_days')::bigint AS rotting_days,
       (s.value -> 'estimated_value')::json AS estimated_value,
       coalesce(p.retired ? s.key, false) AS retired,
       (p.retired ->> s.key)::uuid AS retired_to
FROM read.pipelines p
CROSS JOIN LATERAL jsonb_each(p.stages) s
