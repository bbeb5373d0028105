-- Not for somebody who is being erased: who destroys the key waits for this, or this sees that it is gone.
WITH key AS (
    SELECT erased_at FROM vault.person_key WHERE organization_id = $1 AND person_id = $2 FOR SHARE
)
INSERT INTO access.credential (organization_id, member_id, email, password)
SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM key WHERE erased_at IS NOT NULL)
ON CONFLICT (organization_id, member_id)
DO UPDATE SET email = excluded.email, password = excluded.password, changed_at = now()
