-- Where the server keeps what it wrote, besides its own files.
SELECT current_setting('wal_recycle') = 'on', current_setting('archive_mode') <> 'off',
    (SELECT count(*) FROM pg_stat_replication), (SELECT count(*) FROM pg_replication_slots)
