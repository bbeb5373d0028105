-- Credentials and tokens: mutable, and never in the log (DESIGN §2). Only the worker reads them: to the app's role,
-- which answers queries, these tables do not exist.
CREATE TABLE access.credential (
    organization_id uuid NOT NULL,
    member_id uuid NOT NULL,
    -- Normalised, as the member's own record has it.
    email text NOT NULL,
    -- Argon2id (RFC 9106), as libsodium writes it: algorithm, limits, salt, hash.
    password text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, member_id)
);
-- One e-mail may belong to members of several organizations.
CREATE INDEX credential_email ON access.credential (email);
-- Statistics keep values; of a person who was erased, none may be kept.
ALTER TABLE access.credential ALTER COLUMN email SET STATISTICS 0, ALTER COLUMN password SET STATISTICS 0;

CREATE TABLE access.token (
    -- SHA-256 of the token; the token itself is known to its holder alone.
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    organization_id uuid NOT NULL,
    member_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX token_member ON access.token (organization_id, member_id);
CREATE INDEX token_expiry ON access.token (expires_at);

ALTER TABLE access.credential ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON access.credential TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
ALTER TABLE access.token ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON access.token TO daybook_owner, daybook_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON access.credential, access.token TO daybook_worker;
