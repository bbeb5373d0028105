-- The account of whoever has an address: the one that comes first for one of the contacts $2; else the oldest one whose
-- website is at one of the hosts $3.
SELECT row_to_json(d)
FROM (
    SELECT f.id, f.why
    FROM (
        SELECT coalesce(a.merged_into, a.id) AS id, 'affiliation' AS why, 1 AS rank, a.created_at
        FROM read.contacts c
        JOIN read.accounts a ON a.organization_id = $1 AND a.id = c.primary_account_id
            AND (a.archived_at IS NULL OR a.merged_into IS NOT NULL)
        WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[])
        UNION ALL
        (SELECT a.id, 'domain', 2, a.created_at
         FROM read.accounts a
         WHERE a.organization_id = $1 AND a.domain COLLATE read.people = ANY($3::text[]) AND a.website IS NOT NULL
           AND a.archived_at IS NULL
         LIMIT 20)
    ) f
    ORDER BY f.rank, f.created_at, f.id
    LIMIT 1
) k
CROSS JOIN LATERAL (
    SELECT a.id, k.why, a.name, a.lifecycle, a.industry, a.website, a.phone, a.owner_id, a.owner_name
    FROM read.account_documents a
    WHERE a.organization_id = $1 AND a.id = k.id
    OFFSET 0
) d
