-- Tables that a rebuild has not swapped: of one that is at work, or that was broken off.
SELECT DISTINCT regexp_replace(c.relname, '__new(_totals|_history)?$', '')
FROM pg_class c
WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname ~ '__new(_totals|_history)?$'
