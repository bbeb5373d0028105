DELETE FROM access.token WHERE expires_at <= now()
