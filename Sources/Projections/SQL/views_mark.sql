-- The digest of what is to stand ($1), and the one that was noted of what stands.
SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex'), obj_description('as_of'::regnamespace, 'pg_namespace')
