SELECT created_at, expires_at FROM access.token WHERE organization_id = $1 AND member_id = $2 ORDER BY created_at
