-- The log (DESIGN §3). One organization, one log: positions 1, 2, 3 … without holes, in the order of commits. The
-- primary key is the lock of an append: who wants a position that another transaction is writing waits for it on the
-- index.
CREATE TABLE log.event (
    organization_id uuid NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    stream_id uuid NOT NULL,
    version int NOT NULL CHECK (version > 0),
    type text NOT NULL CHECK (type ~ '^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$'),
    schema smallint NOT NULL CHECK (schema > 0),
    -- json, not jsonb: the bytes are kept as they came, because they are hashed.
    data json NOT NULL,
    private bytea,
    meta json NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    command_id uuid NOT NULL,
    command_index smallint NOT NULL CHECK (command_index >= 0),
    -- The leaf hash, then the hash of each complete subtree that ends at this position.
    merkle bytea NOT NULL CHECK (octet_length(merkle) >= 32 AND octet_length(merkle) % 32 = 0),
    CHECK (occurred_at <= recorded_at),
    PRIMARY KEY (organization_id, position),
    UNIQUE (organization_id, stream_id, version)
) WITH (
    -- Aborted batches leave dead rows just where the next head is looked for, and the table otherwise only grows.
    autovacuum_vacuum_insert_scale_factor = 0.05
);
-- Audits ask by time; a btree here would cost a fifth of all appends (FACTS-postgres §3).
CREATE INDEX event_recorded_at ON log.event USING brin (recorded_at) WITH (pages_per_range = 32, autosummarize = on);

ALTER TABLE log.event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON log.event TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON log.event TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);

-- Even the owner gives up what nobody may do; the trigger below stands behind the missing privilege.
REVOKE UPDATE, DELETE, TRUNCATE ON log.event FROM daybook_owner;
GRANT SELECT, INSERT ON log.event TO daybook_worker;
GRANT SELECT ON log.event TO daybook_app, daybook_auditor;

CREATE TRIGGER written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
-- ALWAYS: also where session_replication_role is `replica`.
ALTER TABLE log.event ENABLE ALWAYS TRIGGER written_once;

-- Refuses a hole from whoever inserts: what a statement adds must follow what is there, without a gap. Once per
-- statement, over the rows added; it costs an append nothing that can be measured (FACTS-append §5). What stands before
-- is looked up in the one way that only the primary key serves. Of NOT EXISTS, or of `position = first - 1`, Postgres
-- makes a walk through the whole log or the whole organization, for as long as it takes the table to be as small as it
-- was at the first append.
CREATE FUNCTION log.refuse_gap() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT organization_id, min(position) AS first, max(position) AS last, count(*) AS rows
            FROM added GROUP BY organization_id
        ) a
        WHERE a.last - a.first + 1 <> a.rows
           OR a.first > 1 AND (
                SELECT e.position FROM log.event e
                WHERE e.organization_id = a.organization_id AND e.position < a.first
                ORDER BY e.position DESC LIMIT 1) IS DISTINCT FROM a.first - 1
    ) THEN
        RAISE 'a gap in the positions of log.event' USING ERRCODE = 'check_violation', CONSTRAINT = 'event_gapless';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER gapless AFTER INSERT ON log.event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_gap();
ALTER TABLE log.event ENABLE ALWAYS TRIGGER gapless;
