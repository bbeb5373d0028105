-- Accounts to which a lead may belong: $2 the hosts of its website and its address, $3 contacts who have its address,
-- $4 its company's name. Each once, for the best of reasons. The indexes of names and domains stand as people sort.
SELECT c.why, row_to_json(d)
FROM (
    SELECT DISTINCT ON (f.id) f.id, f.why, f.rank
    FROM (
        (SELECT a.id, 'domain' AS why, 1 AS rank
         FROM read.accounts a
         WHERE a.organization_id = $1 AND a.domain COLLATE read.people = ANY($2::text[]) AND a.website IS NOT NULL
           AND a.archived_at IS NULL
         LIMIT 20)
        UNION ALL
        (SELECT a.id, 'contact', 2
         FROM read.contacts p
         CROSS JOIN LATERAL (
             SELECT coalesce((SELECT m.into_id FROM read.merges m
                              WHERE m.organization_id = $1 AND m.id = p.primary_account_id), p.primary_account_id) AS id
             OFFSET 0) w
         JOIN read.accounts a ON a.organization_id = $1 AND a.id = w.id
         WHERE p.organization_id = $1 AND p.id = ANY($3::uuid[]) AND a.archived_at IS NULL)
        UNION ALL
        (SELECT a.id, 'name', 3
         FROM read.accounts a
         WHERE a.organization_id = $1 AND a.name COLLATE read.people = $4 AND a.archived_at IS NULL
         LIMIT 20)
    ) f
    ORDER BY f.id, f.rank
) c
CROSS JOIN LATERAL (
    SELECT a.id, a.name, a.website, a.lifecycle, a.owner_id, a.owner_name
    FROM read.account_documents a
    WHERE a.organization_id = $1 AND a.id = c.id
) d
ORDER BY c.rank, d.name, d.id
LIMIT 20
