-- The keys under which what is personal is sealed (DESIGN §5): one of each stream, be it a person or a record with
-- texts of its own; wrapped by the master key, which is not in the database.
CREATE TABLE vault.person_key (
    organization_id uuid NOT NULL,
    person_id uuid NOT NULL,
    -- NULL once the person is erased. The row stays, so that the key is never born again.
    wrapped bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL)),
    PRIMARY KEY (organization_id, person_id)
);
-- Statistics keep values, a destroyed key among them until the next ANALYZE.
ALTER TABLE vault.person_key ALTER COLUMN wrapped SET STATISTICS 0;

ALTER TABLE vault.person_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON vault.person_key TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (wrapped, erased_at) ON vault.person_key TO daybook_worker;
