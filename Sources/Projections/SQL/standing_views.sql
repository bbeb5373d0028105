-- The views of `read` and `as_of` that depend on tables that come and go, those first that may stand on others.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND (
    n.nspname = 'as_of'
    OR n.nspname = 'read'
        AND (c.relname ~ '_(versions|search)$' OR EXISTS (SELECT FROM read.view v WHERE v.name = c.relname))
)
ORDER BY c.oid DESC
