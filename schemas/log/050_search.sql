-- By what lists are sorted and searched (DESIGN §7).

-- The order of texts that people read: ICU's root order where the server has it, else the order of bytes. Under a name
-- of ours, so that indexes and questions agree whatever the server has.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') THEN
        CREATE COLLATION read.people FROM "und-x-icu";
    ELSE
        CREATE COLLATION read.people FROM "C";
    END IF;
END $$;

-- Parts of words are found by their pieces of three letters, and within one organization: both extensions come with
-- Postgres and are trusted, so no superuser has to make them. Where a server lacks them, a search reads the rows.
DO $$
DECLARE
    extension name;
BEGIN
    FOR extension IN
        SELECT a.name FROM pg_available_extensions a
        WHERE a.name IN ('pg_trgm', 'btree_gin') AND a.installed_version IS NULL
    LOOP
        EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA read', extension);
    END LOOP;
END $$;

-- Makes the index by which a table is searched, of the organization and an expression over texts; none where the server
-- lacks what it takes. The expression keeps no statistics, since these keep values, which may be personal. What waits
-- to be put into the index is read by every search, so little may wait. SHARE on the table.
CREATE FUNCTION read.index_search(target regclass, index name, expression text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    trigrams text := (
        SELECT format('%I.%I', n.nspname, o.opcname)
        FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.opcname = 'gin_trgm_ops' LIMIT 1
    );
    place text := (
        SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target
    );
BEGIN
    IF trigrams IS NULL OR NOT EXISTS (
        SELECT FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod
        WHERE a.amname = 'gin' AND o.opcintype = 'uuid'::regtype AND o.opcdefault
    ) THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE INDEX %I ON %s USING gin (organization_id, (%s) %s) WITH (gin_pending_list_limit = 256)',
        index, target, expression, trigrams);
    EXECUTE format('ALTER INDEX %s.%I ALTER COLUMN 2 SET STATISTICS 0', place, index);
END $$;
