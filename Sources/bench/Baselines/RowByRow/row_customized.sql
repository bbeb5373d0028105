UPDATE bench.deals SET custom = custom || ($5::json -> 'custom')::jsonb,
    version = $4, position = $3, updated_at = $6 WHERE organization_id = $1 AND id = $2
