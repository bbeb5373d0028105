SELECT coalesce(a.organization_id, b.organization_id), coalesce(a.id, b.id), a.id IS NULL, b.id IS NULL,
    array_to_string(ARRAY[{columns}], ','), coalesce(a.{since}, b.{since})
FROM {history} a FULL JOIN {expected} b USING ({key})
WHERE ROW(a.*) IS DISTINCT FROM ROW(b.*) ORDER BY 1, 2, 6 LIMIT {most}
