SELECT member_id, email FROM access.credential WHERE organization_id = $1 ORDER BY changed_at, member_id
