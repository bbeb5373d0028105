-- The columns of read tables and views that may hold what is personal. Of a table these are the columns that keep no
-- statistics. Of a view, those of the name of such a column that it reads; and, since nobody knows what a view makes a
-- column of, all whose names are not those of columns that it reads.
WITH RECURSIVE personal (relation, name) AS (
    SELECT c.oid, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attstattarget = 0
    UNION
    SELECT v.oid, a.attname
    FROM personal p
    JOIN pg_attribute s ON s.attrelid = p.relation AND s.attname = p.name
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = p.relation AND d.refobjsubid = s.attnum
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v' AND v.oid <> p.relation
        AND v.relnamespace = 'read'::regnamespace
    JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
    WHERE a.attname = p.name OR NOT EXISTS (
        SELECT FROM pg_depend e
        JOIN pg_attribute u ON u.attrelid = e.refobjid AND u.attnum = e.refobjsubid
        WHERE e.classid = 'pg_rewrite'::regclass AND e.objid = r.oid AND e.refclassid = 'pg_class'::regclass
            AND e.refobjid <> v.oid AND u.attname = a.attname
    )
)
SELECT c.relname, p.name FROM personal p JOIN pg_class c ON c.oid = p.relation ORDER BY 1, 2
