INSERT INTO {values}
SELECT r.organization_id, r.id, v.key, v.element, v.text, v.number
FROM {rows} r CROSS JOIN LATERAL read.flat_values(r.{column}) v
