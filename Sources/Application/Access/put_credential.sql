INSERT INTO access.credential (organization_id, member_id, email, password) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization_id, member_id)
DO UPDATE SET email = excluded.email, password = excluded.password, changed_at = now()
