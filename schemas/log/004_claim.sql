-- Who holds what is unique in an organization: an e-mail, a slug, an external id. Taken and released in the transaction
-- of the events that say so; the value itself is not here, only its HMAC under the organization's claim key.
CREATE TABLE log.claim (
    organization_id uuid NOT NULL,
    scope text NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    stream_id uuid NOT NULL,
    PRIMARY KEY (organization_id, scope, digest)
);

ALTER TABLE log.claim ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON log.claim TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON log.claim TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON log.claim TO daybook_worker;
GRANT SELECT ON log.claim TO daybook_app, daybook_auditor;
