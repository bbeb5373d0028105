-- What a view of `as_of` ($1) still takes from `read`, directly.
SELECT t.relname::text
FROM pg_class v
JOIN pg_rewrite w ON w.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace = 'read'::regnamespace
WHERE v.relnamespace = 'as_of'::regnamespace AND v.relname = $1
LIMIT 1
