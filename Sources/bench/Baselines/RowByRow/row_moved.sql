UPDATE bench.deals SET stage = $5::json ->> 'to', moved_at = $6, moves = moves + 1,
    version = $4, position = $3, updated_at = $6 WHERE organization_id = $1 AND id = $2
