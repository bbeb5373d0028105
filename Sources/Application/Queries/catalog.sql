-- What can be read: each table and view of `read`, its columns in order, and (through views) the projections whose
-- tables it stands on. A projection's own rows, its totals and its history advance together. Then whether
-- a list can be sorted by the column without being read whole: an index has it between the organization and the id.
-- Last, whether the relation can be read as of a moment.
WITH RECURSIVE relation AS (
    SELECT c.oid, c.relname::text AS name
    FROM pg_class c
    WHERE c.relnamespace = 'read'::regnamespace AND c.relkind IN ('r', 'p', 'v')
        -- Ended versions stand in NAME_versions as well, beside those that still are.
        AND NOT (c.relkind = 'r' AND c.relname LIKE '%\_history')
        AND has_table_privilege(c.oid, 'SELECT')
), uses AS (
    SELECT DISTINCT w.ev_class AS view, d.refobjid AS used
    FROM pg_rewrite w
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
    WHERE d.refobjid <> w.ev_class
), reach AS (
    SELECT oid AS start, oid AS used FROM relation
    UNION
    SELECT r.start, u.used FROM reach r JOIN uses u ON u.view = r.used
)
SELECT r.name,
       a.attname::text,
       format_type(a.atttypid, NULL),
       a.attnotnull,
       (SELECT string_agg(DISTINCT regexp_replace(c.relname, '_(totals|history|values)$', ''), ' ')
        FROM reach h JOIN pg_class c ON c.oid = h.used AND c.relkind IN ('r', 'p')
        WHERE h.start = r.oid),
       EXISTS (
           SELECT FROM pg_index x
           WHERE x.indrelid = a.attrelid AND x.indisvalid AND x.indpred IS NULL AND x.indnatts = 3
               AND x.indkey[1] = a.attnum
               AND x.indkey[0] = (
                   SELECT o.attnum FROM pg_attribute o WHERE o.attrelid = a.attrelid AND o.attname = 'organization_id')
               AND x.indkey[2] = (
                   SELECT i.attnum FROM pg_attribute i WHERE i.attrelid = a.attrelid AND i.attname = 'id')
       ),
       EXISTS (SELECT FROM pg_class p WHERE p.relnamespace = 'as_of'::regnamespace AND p.relname = r.name)
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY r.name, a.attnum
