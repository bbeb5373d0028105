-- What was true, or known, at a moment: the relations of `read` once more, under the same names (DESIGN §6). They are
-- views over rows and their histories, made by whoever puts up the views of `read`.
CREATE SCHEMA as_of;
GRANT USAGE ON SCHEMA as_of TO daybook_app, daybook_worker, daybook_auditor;
ALTER DEFAULT PRIVILEGES IN SCHEMA as_of GRANT SELECT ON TABLES TO daybook_app, daybook_worker, daybook_auditor;

-- What occurred up to here counts; all, where a session does not say. After a transaction that had said it, Postgres
-- leaves an empty text behind.
CREATE FUNCTION as_of.occurred() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('daybook.as_of', true), '')::timestamptz, 'infinity')
$$;
-- And of that, what was recorded up to here.
CREATE FUNCTION as_of.recorded() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('daybook.as_known', true), '')::timestamptz, 'infinity')
$$;
-- The clock as it stood then.
CREATE FUNCTION as_of.now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT least(pg_catalog.now(), as_of.occurred(), as_of.recorded())
$$;
