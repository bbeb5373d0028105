-- Which of these tables there are.
SELECT relname::text FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'r' AND relname = ANY ($1)
ORDER BY relname
