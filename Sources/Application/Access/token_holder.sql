SELECT organization_id, member_id, expires_at FROM access.token WHERE digest = $1 AND expires_at > now()
