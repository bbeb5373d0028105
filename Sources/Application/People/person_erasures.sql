SELECT organization_id, erased_at FROM vault.person_key WHERE person_id = $1
