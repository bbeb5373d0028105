-- What rebuilds say of themselves, and whether somebody is at work on them: then it holds their lock.
SELECT r.projection, r.phase, r.events, r.total, r.per_second, r.seconds_left, r.waits_for, r.failure, EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended('daybook rebuild ' || r.projection, 0)
)
FROM read.rebuild r ORDER BY r.projection
