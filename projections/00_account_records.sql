-- What belongs to an account now, and goes with it where it goes. What happens with these records and what is to be
-- done about them stands on the account's page.
CREATE VIEW read.account_records WITH (security_invoker = true) AS
SELECT d.organization_id, d.account_id, d.id AS record_id FROM read.deals d WHERE d.account_id IS NOT NULL
UNION ALL
SELECT c.organization_id, c.primary_account_id, c.id
FROM read.contacts c
WHERE c.primary_account_id IS NOT NULL AND c.merged_into IS NULL
UNION ALL
-- A contact that was merged goes with the one that stands for it.
SELECT c.organization_id, c.primary_account_id, m.id
FROM read.contacts c
CROSS JOIN LATERAL (SELECT x.id FROM read.merges x
                    WHERE x.organization_id = c.organization_id AND x.into_id = c.id OFFSET 0) m
WHERE c.primary_account_id IS NOT NULL AND c.merged_into IS NULL
UNION ALL
SELECT l.organization_id, l.account_id, l.id FROM read.leads l WHERE l.account_id IS NOT NULL
UNION ALL
-- So does a lead.
SELECT l.organization_id, l.account_id, m.id
FROM read.leads l
CROSS JOIN LATERAL (SELECT x.id FROM read.merges x
                    WHERE x.organization_id = l.organization_id AND x.into_id = l.id OFFSET 0) m
WHERE l.account_id IS NOT NULL
UNION ALL
SELECT p.organization_id, p.account_id, p.id FROM read.projects p WHERE p.account_id IS NOT NULL
