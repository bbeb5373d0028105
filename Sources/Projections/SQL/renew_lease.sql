-- The lease of $1 is good for $2 more milliseconds, those of whom nothing is heard or left go, and the holders of all
-- others are told. Takes a lock on its own row and on those that it takes away; SKIP LOCKED: one that is being renewed
-- just now is left.
WITH own AS (
    INSERT INTO read.lease (holder, backend, expires_at)
    VALUES ($1, pg_backend_pid(), clock_timestamp() + $2 * interval '1 ms')
    ON CONFLICT (holder) DO UPDATE SET backend = excluded.backend, expires_at = excluded.expires_at
), other AS (
    SELECT l.holder, l.expires_at >= clock_timestamp() AND a.pid IS NOT NULL AS lives
    FROM read.lease l LEFT JOIN pg_stat_activity a ON a.pid = l.backend
    WHERE l.holder <> $1
), over AS (
    DELETE FROM read.lease WHERE holder IN (
        SELECT l.holder FROM read.lease l JOIN other o ON o.holder = l.holder AND NOT o.lives
        FOR UPDATE OF l SKIP LOCKED)
)
SELECT holder FROM other WHERE lives
