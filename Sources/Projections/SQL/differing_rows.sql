SELECT coalesce(a.organization_id, b.organization_id), coalesce(a.id, b.id), a.id IS NULL, b.id IS NULL,
    array_to_string(ARRAY[{columns}], ',')
FROM {rows} a FULL JOIN {expected} b USING (organization_id, id)
WHERE ROW(a.*) IS DISTINCT FROM ROW(b.*) ORDER BY 1, 2 LIMIT {most}
