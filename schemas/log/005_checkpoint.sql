-- Signed tree heads (C2SP tlog-checkpoint notes), each signed after its events' commit.
CREATE TABLE log.checkpoint (
    organization_id uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, size)
);

ALTER TABLE log.checkpoint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON log.checkpoint TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON log.checkpoint TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE, TRUNCATE ON log.checkpoint FROM daybook_owner;
GRANT SELECT, INSERT ON log.checkpoint TO daybook_worker;
GRANT SELECT ON log.checkpoint TO daybook_app, daybook_auditor;

CREATE TRIGGER written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON log.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.checkpoint ENABLE ALWAYS TRIGGER written_once;
