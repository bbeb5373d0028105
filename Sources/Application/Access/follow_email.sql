UPDATE access.credential SET email = $3 WHERE organization_id = $1 AND member_id = $2 AND email <> $3
