-- What became of a command that carried an Idempotency-Key: a repeat gets this answer. Kept for 30 days; never a body.
CREATE TABLE log.command (
    organization_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    -- Both are HMACs under the organization's claim key.
    key_digest bytea NOT NULL CHECK (octet_length(key_digest) = 32),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    status smallint NOT NULL CHECK (status BETWEEN 100 AND 599),
    code text,
    -- Pointers, ids and versions, as Application writes and reads them.
    detail json NOT NULL,
    -- The head that the answer reflects: the unit's last event or, where it had none, the head it was decided on.
    position bigint NOT NULL CHECK (position >= 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, actor_id, key_digest)
);
-- For the daily deletion of what is older than 30 days.
CREATE INDEX command_recorded_at ON log.command USING brin (recorded_at)
    WITH (pages_per_range = 32, autosummarize = on);

ALTER TABLE log.command ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON log.command TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON log.command TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON log.command TO daybook_worker;
GRANT SELECT ON log.command TO daybook_app, daybook_auditor;
