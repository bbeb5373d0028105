SELECT email, changed_at FROM access.credential WHERE organization_id = $1 AND member_id = $2
