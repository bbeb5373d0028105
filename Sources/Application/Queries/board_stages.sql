-- A pipeline's stages in their order, with the pipeline's name in each row.
SELECT s.id, s.name, s.kind, s.place, s.probability, s.pipeline_name
FROM read.stages s
WHERE s.organization_id = $1 AND s.pipeline_id = $2
ORDER BY s.place, s.id
