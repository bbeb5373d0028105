-- The four schemas (DESIGN §7). The owner, as whom migrations run, owns them; the roles exist already, because they
-- belong to the cluster and are made before the first migration. `access` may exist too: the ledger of migrations is in
-- it.
CREATE SCHEMA IF NOT EXISTS log;
CREATE SCHEMA IF NOT EXISTS read;
CREATE SCHEMA IF NOT EXISTS vault;
CREATE SCHEMA IF NOT EXISTS access;

GRANT USAGE ON SCHEMA log, read TO daybook_app, daybook_worker, daybook_auditor;
GRANT USAGE ON SCHEMA access TO daybook_app, daybook_worker;
-- The keys are for the worker alone: a leak of the app's role opens no sealed part and guesses no e-mail.
GRANT USAGE ON SCHEMA vault TO daybook_worker;

-- Whose rows the app's and the auditor's sessions see: every policy asks it. NULL, and so nobody's, where none is set;
-- after a transaction that had set it, Postgres leaves an empty text behind. No search_path is set, because that would
-- keep the planner from putting the body into the policies.
CREATE FUNCTION log.current_organization() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('daybook.organization', true), '')::uuid
$$;

-- What a table that is written once refuses, for everybody, its owner and a superuser included.
CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE '%.% is written once: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'restrict_violation',
              HINT = 'A correction is a new event; a person is erased by destroying a key.';
END $$;
