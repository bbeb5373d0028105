SELECT organization_id, id, kind, columns::text FROM changed_rows ORDER BY organization_id, id LIMIT $1
