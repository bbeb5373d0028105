INSERT INTO access.token (digest, organization_id, member_id, expires_at) VALUES ($1, $2, $3, $4)
