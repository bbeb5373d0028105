SELECT organization_id, member_id, password FROM access.credential
WHERE email = $1 AND ($2::uuid IS NULL OR organization_id = $2)
ORDER BY organization_id, member_id
LIMIT 100
