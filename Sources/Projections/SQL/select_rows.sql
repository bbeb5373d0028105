SELECT id, {columns} FROM {rows} WHERE organization_id = $1 AND id = ANY ($2)
