-- The views that stand on these tables of `read` ($1) without another view between, by name. What they are is read as
-- it is now, so it has to be read before the tables change their names; and once of each, though a view depends on a
-- table once for each of its columns.
SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'm', pg_get_viewdef(c.oid),
    coalesce(array_to_string(c.reloptions, ', '), ''), pg_get_userbyid(c.relowner) = current_user
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND c.oid IN (
    SELECT w.ev_class
    FROM pg_class t
    JOIN pg_depend d
        ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite w ON w.oid = d.objid
    WHERE t.relnamespace = 'read'::regnamespace AND t.relname = ANY ($1)
)
ORDER BY 1
