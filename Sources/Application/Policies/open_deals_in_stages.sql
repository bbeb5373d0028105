-- The open deals in these stages, a page of them: $2 is the last id of the page before, $3 the size of a page.
SELECT id, version, stage_id FROM read.deals
WHERE organization_id = $1 AND id > $2 AND stage_id = ANY ($4) AND status = 'open' AND archived_at IS NULL
ORDER BY id
LIMIT $3
