-- What is known about the read tables (DESIGN §6). The tables themselves are made from the projections' files.

-- A projection as it is deployed: the text that its table was built from, so that every process folds by the same one.
CREATE TABLE read.projection (
    name text PRIMARY KEY,
    -- Counts the builds. It stands in each progress row too: a process that still folds by an older text loses the
    -- compare.
    generation int NOT NULL,
    -- stopped: too much of it is held, nothing more is applied. dropped: it has no table until it is rebuilt.
    state text NOT NULL CHECK (state IN ('live', 'stopped', 'dropped')),
    file text NOT NULL,
    definition text NOT NULL,
    -- SHA-256 of what decides how rows look; comments and descriptions are not in it.
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    built_at timestamptz NOT NULL DEFAULT now(),
    -- A projector that lives says so every few seconds, also where there is nothing to apply.
    heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
GRANT SELECT, UPDATE (state, heartbeat_at) ON read.projection TO daybook_worker;
GRANT SELECT ON read.projection TO daybook_app, daybook_auditor;

-- The views beside the tables; `installed` is false while a table that one needs is dropped.
CREATE TABLE read.view (
    name text PRIMARY KEY,
    file text NOT NULL,
    definition text NOT NULL,
    installed boolean NOT NULL
);
GRANT SELECT ON read.view TO daybook_worker, daybook_app, daybook_auditor;

-- How far each table is. It is written in the transaction of the rows, and compared before it is set: two projectors
-- cannot both apply an event. While a table is rebuilt its progress stands under NAME__new.
CREATE TABLE read.progress (
    projection text NOT NULL,
    organization_id uuid NOT NULL,
    generation int NOT NULL,
    -- All events up to here are applied, or wait behind one that is held.
    position bigint NOT NULL CHECK (position >= 0),
    -- How many are applied, and the sum of their leaf hashes modulo 2^256: a hole cannot hide.
    events bigint NOT NULL CHECK (events >= 0 AND events <= position),
    leaf_sum bytea NOT NULL CHECK (octet_length(leaf_sum) = 32),
    -- Counts how often rows were folded again for a person who was erased. It is compared, too: a batch that read them
    -- before would put back what they said.
    refolds int NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, organization_id)
) WITH (fillfactor = 50);
ALTER TABLE read.progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON read.progress TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON read.progress TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON read.progress TO daybook_worker;
GRANT SELECT ON read.progress TO daybook_app, daybook_auditor;

-- Streams of which an event could not be applied: it and all later ones wait, until they are healed.
CREATE TABLE read.held (
    projection text NOT NULL,
    organization_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    -- The first event that waits.
    position bigint NOT NULL,
    version int NOT NULL,
    -- Why, and at which column; never a value, which may be personal.
    code text NOT NULL,
    "column" text,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, organization_id, stream_id)
);
ALTER TABLE read.held ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON read.held TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON read.held TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON read.held TO daybook_worker;
GRANT SELECT ON read.held TO daybook_app, daybook_auditor;
