-- The tables that a broken-off rebuild of $1 left.
SELECT format('%I.%I', 'read', c.relname) FROM pg_class c
WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname ~ ('^' || $1 || '__(new|part)(_[a-z]+)?$')
