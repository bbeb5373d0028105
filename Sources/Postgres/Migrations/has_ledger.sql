-- By the catalogue: a login that may not use the schema can ask, too.
SELECT EXISTS (
    SELECT
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'access' AND c.relname = 'migration')
