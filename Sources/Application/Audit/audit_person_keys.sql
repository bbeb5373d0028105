SELECT person_id, wrapped FROM vault.person_key
WHERE organization_id = $1 AND person_id = ANY ($2) AND wrapped IS NOT NULL
