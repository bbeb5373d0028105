COPY (
    SELECT size, signed_at, note FROM log.checkpoint
    WHERE organization_id = '{organization}' AND size <= {through}
    ORDER BY size
) TO STDOUT (FORMAT binary)
