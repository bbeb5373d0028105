-- The policies that this database knows (DESIGN §4: rules across entities). They are not derived: what a policy has
-- reacted to it does not react to again, whatever is rebuilt. So they are beside the log, and in backups.
CREATE TABLE log.policy (
    name text PRIMARY KEY,
    -- It reacts to nothing from before.
    introduced_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT ON log.policy TO daybook_worker;

-- Up to where each has reacted in an organization. A log without a row is followed from its first event: it began after
-- the policy did. Written after the commands; their ids are derived, so that one given twice is carried out once.
CREATE TABLE log.policy_progress (
    organization_id uuid NOT NULL,
    policy text NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (organization_id, policy)
) WITH (fillfactor = 50);
ALTER TABLE log.policy_progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON log.policy_progress TO daybook_app, daybook_auditor
    USING (organization_id = log.current_organization());
CREATE POLICY everything ON log.policy_progress TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON log.policy_progress TO daybook_worker;
GRANT SELECT ON log.policy_progress TO daybook_app, daybook_auditor;
