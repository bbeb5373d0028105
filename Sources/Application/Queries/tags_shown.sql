-- Tags by their ids, as documents show them.
SELECT coalesce(
    json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id), '[]')
FROM read.tags g
WHERE g.organization_id = $1 AND g.id = ANY ($2)
