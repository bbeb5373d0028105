-- The indexes of a table, by name.
SELECT i.relname::text
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = to_regclass($1) ORDER BY 1
