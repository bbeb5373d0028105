-- For who names a person alone; there is no index for it, and it is asked by hand.
SELECT organization_id FROM vault.person_key WHERE person_id = $1 ORDER BY organization_id LIMIT 2
