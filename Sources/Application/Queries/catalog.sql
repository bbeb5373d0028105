-- What can be read: each table and view of `read`, its columns in order, and (through views) the projections whose
-- tables it stands on. A projection's own rows, its totals and its history advance together. Then whether a list can be
-- sorted by the column without being read whole, now and as of a moment; last, whether the relation can be read as of a
-- moment.
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
), sorted AS (
    -- An index has the column behind the organization, and the id at the end. Between them others may stand: among rows
    -- of one value these are sorted. But a text that does not come last is not in the order of people.
    SELECT t.relname AS relation, a.attname AS name
    FROM pg_index x
    JOIN pg_class t ON t.oid = x.indrelid AND t.relnamespace = 'read'::regnamespace
    JOIN pg_attribute o ON o.attrelid = x.indrelid AND o.attnum = x.indkey[0] AND o.attname = 'organization_id'
    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[1]
    JOIN pg_attribute i ON i.attrelid = x.indrelid AND i.attnum = x.indkey[x.indnatts - 1] AND i.attname = 'id'
    WHERE x.indisvalid AND x.indpred IS NULL
        AND (x.indnatts = 3 OR x.indnatts > 3 AND a.atttypid <> 'text'::regtype)
)
SELECT r.name,
       a.attname::text,
       format_type(a.atttypid, NULL),
       a.attnotnull,
       (SELECT string_agg(DISTINCT regexp_replace(c.relname, '_(totals|history|values|pairs)$', ''), ' ')
        FROM reach h JOIN pg_class c ON c.oid = h.used AND c.relkind IN ('r', 'p')
        WHERE h.start = r.oid),
       EXISTS (SELECT FROM sorted s WHERE s.relation = r.name AND s.name = a.attname),
       EXISTS (SELECT FROM sorted s WHERE s.relation = r.name || '_history' AND s.name = a.attname),
       EXISTS (SELECT FROM pg_class p WHERE p.relnamespace = 'as_of'::regnamespace AND p.relname = r.name)
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY r.name, a.attnum
