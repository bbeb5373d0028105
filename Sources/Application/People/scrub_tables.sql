-- What is rewritten: the tables that hold, or held, something personal in clear or a person's key, and the statistics
-- of all columns. Events are not among them: in log.event it is sealed.
SELECT format('%I.%I', n.nspname, c.relname),
    pg_has_role(c.relowner, 'USAGE') OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database d
        WHERE d.datname = current_database())
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
    AND (n.nspname IN ('read', 'vault', 'access') OR n.nspname = 'log' AND c.relname IN ('command', 'claim')
        OR c.oid = 'pg_catalog.pg_statistic'::regclass)
ORDER BY n.nspname = 'pg_catalog', 1
