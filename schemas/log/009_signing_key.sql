-- The keys that sign the heads of the logs (Ed25519): of an organization one for each time that its log named a key,
-- which says when each is in force. Wrapped by the master key, which is not in the database.
CREATE TABLE vault.signing_key (
    organization_id uuid NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, public_key)
);

ALTER TABLE vault.signing_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON vault.signing_key TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON vault.signing_key TO daybook_worker;
