-- Runs as daybook_owner, under the migrators' advisory lock.
CREATE SCHEMA IF NOT EXISTS access;
CREATE TABLE IF NOT EXISTS access.migration (
    number integer PRIMARY KEY CHECK (number > 0),
    name text NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    applied_at timestamptz NOT NULL DEFAULT now()
);
