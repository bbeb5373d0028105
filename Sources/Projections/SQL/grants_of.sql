-- What others than its owner may do with a table or view ($1, by name or number), as statements that let them do it
-- with another ($2) that has these columns ($3); nothing of columns that it has not.
WITH relation AS (
    SELECT oid, relacl, relowner FROM pg_class
    WHERE oid = CASE WHEN $1 ~ '^[0-9]+$' THEN $1::oid ELSE to_regclass($1) END
), given (privilege, part, grantee, grantable) AS (
    SELECT a.privilege_type, NULL::name, a.grantee, a.is_grantable
    FROM relation r CROSS JOIN aclexplode(r.relacl) a WHERE a.grantee <> r.relowner
    UNION ALL
    SELECT a.privilege_type, t.attname, a.grantee, a.is_grantable
    FROM relation r JOIN pg_attribute t ON t.attrelid = r.oid AND NOT t.attisdropped CROSS JOIN aclexplode(t.attacl) a
    WHERE a.grantee <> r.relowner AND t.attname = ANY ($3::text[])
)
SELECT format(
    'GRANT %s%s ON %s TO %s%s', privilege, '(' || quote_ident(part) || ')', $2,
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM given
