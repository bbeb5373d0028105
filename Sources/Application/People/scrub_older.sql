-- Who still sees rows as they were when transaction $1 began: what these see is copied along when a table is rewritten.
SELECT count(*) FROM (
    SELECT backend_xmin FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    UNION ALL
    SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    UNION ALL
    SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL
    SELECT unnest(ARRAY[xmin, catalog_xmin]) FROM pg_replication_slots
) x (xid) WHERE age(xid) > age($1::xid)
