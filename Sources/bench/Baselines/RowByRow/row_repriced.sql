UPDATE bench.deals SET amount = ($5::json #>> '{amount,minor}')::bigint, currency = $5::json #>> '{amount,currency}',
    probability = ($5::json ->> 'probability')::numeric,
    version = $4, position = $3, updated_at = $6 WHERE organization_id = $1 AND id = $2
