-- The views that stand on these tables ($1) or on our views, and are not ours (standing_views.sql): somebody made them
-- in the database. In the order in which they can be made. What they are is read as their owners made it.
WITH RECURSIVE own AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND (
        n.nspname = 'as_of'
        OR n.nspname = 'read'
            AND (c.relname ~ '_(versions|search)$' OR EXISTS (SELECT FROM read.view v WHERE v.name = c.relname))
    )
), reached AS (
    SELECT oid, 0 AS depth FROM own
    UNION
    SELECT c.oid, 0 FROM pg_class c WHERE c.relnamespace = 'read'::regnamespace AND c.relname = ANY ($1)
    UNION
    SELECT w.ev_class, r.depth + 1
    FROM reached r
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite w ON w.oid = d.objid
    WHERE w.ev_class <> r.oid
)
SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'm', pg_get_viewdef(c.oid),
    coalesce(array_to_string(c.reloptions, ', '), ''), quote_ident(pg_get_userbyid(c.relowner)),
    coalesce(quote_literal(obj_description(c.oid, 'pg_class')), ''), c.oid::text
FROM reached r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND c.oid NOT IN (SELECT oid FROM own)
GROUP BY c.oid, n.nspname, c.relname ORDER BY max(r.depth), 1
