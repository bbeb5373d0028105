-- Everything that cannot be derived, except the logs themselves, which are exported line by line. Read tables are built
-- from the logs, and the ledger of migrations is written by who migrates.
SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname IN ('log', 'vault', 'access') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname || '.' || c.relname NOT IN ('log.event', 'log.checkpoint', 'access.migration')
GROUP BY 1 ORDER BY 1
