-- Two random keys of each organization: `claim_key` digests what is unique and what is repeated, `import_key` derives
-- ids from other systems' ids. Made once, before the organization's first event; never changed, since digests stand in
-- the log. Both are wrapped by the master key, which is not in the database.
CREATE TABLE vault.organization_key (
    organization_id uuid PRIMARY KEY,
    claim_key bytea NOT NULL,
    import_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One policy only: to the app and the auditor this table does not exist.
ALTER TABLE vault.organization_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON vault.organization_key TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON vault.organization_key TO daybook_worker;
