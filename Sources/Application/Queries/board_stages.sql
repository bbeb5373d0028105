-- A pipeline's stages in their order, with the pipeline's name in each row; retired ones while they have deals.
SELECT s.id, s.name, s.kind, s.place, s.probability, s.pipeline_name, s.rotting_days
FROM read.stages s
WHERE s.organization_id = $1 AND s.pipeline_id = $2
    AND (NOT s.retired OR EXISTS (
        SELECT FROM read.deals_totals t
        WHERE t.organization_id = $1 AND t.pipeline_id = $2 AND t.stage_id = s.id AND t.archived IS NOT TRUE))
ORDER BY s.place, s.id
