-- Which master key wrapped the keys of this database: something that only the same one can unwrap. Without it a wrong
-- key would show itself only when the first person is looked at.
CREATE TABLE vault.master_key (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    wrapped bytea NOT NULL
);

ALTER TABLE vault.master_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON vault.master_key TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON vault.master_key TO daybook_worker;
