-- Who of us looks after whoever has an address: the owner of one of the contacts $2, else of a lead that has the
-- address $3, else of the contacts' account.
SELECT row_to_json(d)
FROM (
    SELECT m.id, m.name
    FROM (
        SELECT c.owner_id, 1 AS rank FROM read.contacts c WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[])
        UNION ALL
        SELECT l.owner_id, 2
        FROM read.leads l
        WHERE l.organization_id = $1 AND l.email COLLATE read.people = $3 AND l.archived_at IS NULL
        UNION ALL
        SELECT a.owner_id, 3
        FROM read.contacts c
        JOIN read.accounts a ON a.organization_id = $1 AND a.id = c.primary_account_id
        WHERE c.organization_id = $1 AND c.id = ANY($2::uuid[])
    ) o
    JOIN read.members m ON m.organization_id = $1 AND m.id = o.owner_id
    ORDER BY o.rank, m.name
    LIMIT 1
) d
