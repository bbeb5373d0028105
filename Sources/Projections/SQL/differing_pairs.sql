-- Pairs beside the rows that are not what the values make.
WITH held AS (
    SELECT * FROM read.all_pairs('{rows}', {keys})
)
SELECT d.kind, d.organization_id, d.newer, d.older, d.key
FROM (
    SELECT 'extra', x.* FROM (SELECT * FROM {pairs} EXCEPT ALL SELECT * FROM held) x
    UNION ALL
    SELECT 'missing', x.* FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM {pairs}) x
) d (kind, organization_id, entity, newer, older, newer_at, older_at, key, text, likeness)
LIMIT 100
