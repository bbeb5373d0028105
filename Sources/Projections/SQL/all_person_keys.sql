SELECT organization_id, person_id, wrapped FROM vault.person_key WHERE organization_id BETWEEN $1 AND $2
