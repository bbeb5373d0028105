UPDATE bench.deals SET archived_at = NULL,
    version = $4, position = $3, updated_at = $6 WHERE organization_id = $1 AND id = $2
