-- Who reads or writes these tables and views of `read` ($1), or any view of the past, which is taken down with them,
-- just now and for longer than a moment. No text of a query: it may hold what is personal. Without the right to see
-- others' sessions, only that they are there.
SELECT a.pid, coalesce(nullif(a.application_name, ''), a.usename::text, ''), a.state,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8
FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid()
    AND coalesce(clock_timestamp() - a.xact_start > interval '50 milliseconds', true)
    AND a.pid IN (
        SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.granted AND l.locktype = 'relation' AND (
            c.relnamespace = 'read'::regnamespace AND c.relname = ANY ($1)
            OR cardinality($1::text[]) > 0 AND c.relkind = 'v' AND (
                c.relnamespace = 'as_of'::regnamespace
                OR c.relnamespace = 'read'::regnamespace AND c.relname ~ '_(versions|search)$'
            )
        )
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
ORDER BY a.xact_start, a.pid
