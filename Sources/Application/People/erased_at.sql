SELECT erased_at FROM vault.person_key WHERE organization_id = $1 AND person_id = $2
