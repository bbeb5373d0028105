-- Columns that keep no statistics by now and have some left from before.
SELECT format('%I.%I.%I', s.schemaname, s.tablename, s.attname)
FROM pg_stats s
JOIN pg_attribute a ON a.attrelid = format('%I.%I', s.schemaname, s.tablename)::regclass AND a.attname = s.attname
WHERE a.attstattarget = 0 ORDER BY 1
