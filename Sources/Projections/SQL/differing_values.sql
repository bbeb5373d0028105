-- Values beside the rows that are not what the rows hold.
WITH kept AS (
    SELECT organization_id, id, key, element, text, number FROM {values}
), held AS (
    SELECT r.organization_id, r.id, v.key, v.element, v.text, v.number
    FROM {rows} r CROSS JOIN LATERAL read.flat_values(r.{column}) v
)
SELECT d.kind, d.organization_id, d.id, d.key
FROM (
    SELECT 'extra', x.* FROM (SELECT * FROM kept EXCEPT ALL SELECT * FROM held) x
    UNION ALL
    SELECT 'missing', x.* FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM kept) x
) d (kind, organization_id, id, key, element, text, number)
LIMIT 100
