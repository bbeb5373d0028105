-- Who feeds the read tables (DESIGN §6): each projector process renews a row of its own every second, and from the
-- rows that have not run out each tells by itself which organizations are whose. So a lease costs a row per process,
-- and nothing per organization or batch. It shares the work out and guards nothing: two who both take an organization
-- for theirs meet at the compare in read.progress.
CREATE TABLE read.lease (
    -- Drawn anew at each start.
    holder uuid PRIMARY KEY,
    -- The session that renews it. When that is gone, so is the holder: a process that was killed is not waited for.
    backend int NOT NULL,
    -- By the database's clock, which is the same for all of them.
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON read.lease TO daybook_worker;
