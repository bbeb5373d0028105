-- Of the roles $1: is it there, and may the login take it? ($2 is MEMBER, and SET from Postgres 16 on.)
SELECT w.name, r.oid IS NOT NULL, r.oid IS NOT NULL AND pg_has_role(current_user, r.oid, $2)
FROM unnest($1) AS w (name)
LEFT JOIN pg_roles r ON r.rolname = w.name
