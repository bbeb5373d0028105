UPDATE bench.deals SET
    title = CASE WHEN $5::json #> '{set,title}' IS NULL THEN title ELSE $5::json #>> '{set,title}' END,
    source = CASE WHEN $5::json #> '{set,source}' IS NULL THEN source ELSE $5::json #>> '{set,source}' END,
    priority = CASE WHEN $5::json #> '{set,priority}' IS NULL THEN priority
        ELSE ($5::json #>> '{set,priority}')::bigint END,
    expected_close = CASE WHEN $5::json #> '{set,expected_close}' IS NULL THEN expected_close
        ELSE ($5::json #>> '{set,expected_close}')::date END,
    edits = edits + 1, version = $4, position = $3, updated_at = $6 WHERE organization_id = $1 AND id = $2
