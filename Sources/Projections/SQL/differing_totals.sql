SELECT d.kind, d.x ->> 'organization_id', (d.x - 'organization_id'{measures})::text
FROM (
    SELECT 'extra', to_jsonb(x) FROM (SELECT * FROM {totals} EXCEPT ALL SELECT * FROM {expected}) x
    UNION ALL
    SELECT 'missing', to_jsonb(x) FROM (SELECT * FROM {expected} EXCEPT ALL SELECT * FROM {totals}) x
) d (kind, x) LIMIT {most}
