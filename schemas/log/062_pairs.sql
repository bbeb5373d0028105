-- Pairs of rows of a read table that may tell of the same, since they have a value in common (docs/duplicates.md).

-- How many rows may have a value that still says something of two of them: a switchboard's number, or a name that is
-- everybody's, would make pairs without end.
CREATE FUNCTION read.most_alike() RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 20 $$;

-- The pieces of three letters of a text's words, two blanks before and one behind each word, as pg_trgm makes them.
-- Our own, so that a rebuild makes the same pairs wherever it runs. A loop: a query for it costs ten times as much.
CREATE FUNCTION read.pieces(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    pieces text[] := '{}';
    word text;
    piece text;
BEGIN
    FOREACH word IN ARRAY string_to_array(words, ' ') LOOP
        FOR n IN 1..length(word) + 1 LOOP
            piece := substr('  ' || word || ' ', n, 3);
            IF piece <> ALL (pieces) THEN
                pieces := pieces || piece;
            END IF;
        END LOOP;
    END LOOP;
    RETURN pieces;
END $$;

-- How alike two names are, from 0 to 1: the share of their pieces that both have.
CREATE FUNCTION read.likeness(one text, other text) RETURNS real
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    mine text[] := read.pieces(one);
    theirs text[] := read.pieces(other);
    piece text;
    common int := 0;
BEGIN
    IF one = other THEN
        RETURN 1;
    END IF;
    FOREACH piece IN ARRAY theirs LOOP
        IF piece = ANY (mine) THEN
            common := common + 1;
        END IF;
    END LOOP;
    RETURN coalesce(common::real / nullif(cardinality(mine) + cardinality(theirs) - common, 0), 0);
END $$;

-- The pairs by these values of a read table, whose values lie beside it; "n" of each list are of one value.
--
-- Two rows are a pair by a value that at most `most_alike` rows have. How names sound counts where they are also alike,
-- by as much as pg_trgm asks for unless it is told otherwise. A row that stands for another (`same_as`) is found by
-- what that one says, too, and what tells of a contact and a lead is the lead's pair: it is the lead that is converted.
-- The newer is the one that arrived later.
CREATE FUNCTION read.pairs_among(target text, organizations uuid[], keys text[], texts text[])
    RETURNS TABLE (
        organization_id uuid, entity text, newer uuid, older uuid, newer_at bigint, older_at bigint,
        key text, text text, likeness real
    )
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place text[] := parse_ident(target);
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH value AS (
            SELECT t.*, ARRAY(
                SELECT v.id FROM %1$s v
                WHERE v.organization_id = t.organization_id AND v.key = t.key AND v.text = t.text
                LIMIT read.most_alike() + 1
            ) AS ids
            FROM unnest($1, $2, $3) WITH ORDINALITY t (organization_id, key, text, n)
        ), member AS (
            SELECT DISTINCT ON (v.n, s.id)
                   v.n, v.organization_id, v.key, v.text, s.id, s.entity, s.arrived, r.keys -> 'name' ->> 0 AS name
            FROM value v
            CROSS JOIN LATERAL unnest(v.ids) i (id)
            JOIN %2$s r ON r.organization_id = v.organization_id AND r.id = i.id
            JOIN %2$s s ON s.organization_id = v.organization_id AND s.id = coalesce(r.same_as, r.id)
            WHERE cardinality(v.ids) BETWEEN 2 AND read.most_alike()
            ORDER BY v.n, s.id, r.id <> s.id, r.id
        )
        SELECT p.* FROM (
            SELECT a.organization_id, CASE a.entity WHEN b.entity THEN a.entity ELSE 'lead' END, a.id, b.id,
                   a.arrived, b.arrived, a.key, a.text, read.likeness(a.name, b.name) AS likeness
            FROM member a
            JOIN member b ON b.n = a.n AND (b.arrived, b.id) < (a.arrived, a.id)
        ) p
        WHERE p.key <> 'sound' OR p.likeness >= 0.3
    $query$, format('%I.%I', place[1], place[2] || '_values'), format('%I.%I', place[1], place[2]))
    USING organizations, keys, texts;
END $$;

-- All pairs of a read table by these keys.
CREATE FUNCTION read.all_pairs(target text, by text[])
    RETURNS TABLE (
        organization_id uuid, entity text, newer uuid, older uuid, newer_at bigint, older_at bigint,
        key text, text text, likeness real
    )
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place text[] := parse_ident(target);
    organizations uuid[];
    keys text[];
    texts text[];
BEGIN
    EXECUTE format(
        'SELECT array_agg(g.organization_id), array_agg(g.key), array_agg(g.text)'
        ' FROM (SELECT v.organization_id, v.key, v.text FROM %I.%I v'
        ' WHERE v.key = ANY ($1) AND v.text IS NOT NULL GROUP BY v.organization_id, v.key, v.text'
        ' HAVING count(*) BETWEEN 2 AND read.most_alike()) g', place[1], place[2] || '_values')
        INTO organizations, keys, texts USING by;
    RETURN QUERY SELECT * FROM read.pairs_among(target, organizations, keys, texts);
END $$;

-- The texts under a key of an object, one or a list of them, as `flat_values` keeps them.
CREATE FUNCTION read.texts_of(object jsonb, key text) RETURNS TABLE (text text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    member jsonb := object -> key;
BEGIN
    IF jsonb_typeof(member) = 'array' THEN
        RETURN QUERY SELECT left(e, 200) FROM jsonb_array_elements_text(member) e WHERE e IS NOT NULL;
    ELSIF jsonb_typeof(member) = 'string' THEN
        RETURN QUERY SELECT left(member #>> '{}', 200);
    END IF;
END $$;

-- Keeps the pairs beside a table's rows in step with them and their values: those by each value that a row had or has
-- that came, went or changed. The arguments are the keys that make pairs; the pairs lie in the table of the same name
-- with _pairs behind it, also when all have been renamed.
CREATE FUNCTION read.follow_pairs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_pairs');
    organizations uuid[];
    keys text[];
    texts text[];
BEGIN
    -- A statement on transition tables is planned each time, so each says as little as it can.
    CASE TG_OP
        WHEN 'INSERT' THEN
            SELECT array_agg(n.organization_id), array_agg(k.key), array_agg(v.text)
            INTO organizations, keys, texts
            FROM new_rows n CROSS JOIN unnest(TG_ARGV) k (key) CROSS JOIN LATERAL read.texts_of(n.keys, k.key) v;
        WHEN 'DELETE' THEN
            SELECT array_agg(o.organization_id), array_agg(k.key), array_agg(v.text)
            INTO organizations, keys, texts
            FROM old_rows o CROSS JOIN unnest(TG_ARGV) k (key) CROSS JOIN LATERAL read.texts_of(o.keys, k.key) v;
        WHEN 'UPDATE' THEN
            IF EXISTS (SELECT FROM new_rows n JOIN old_rows o USING (organization_id, id)
                       WHERE (n.keys, n.same_as, n.entity, n.arrived)
                           IS DISTINCT FROM (o.keys, o.same_as, o.entity, o.arrived)) THEN
                SELECT array_agg(organization_id), array_agg(k.key), array_agg(v.text)
                INTO organizations, keys, texts
                FROM new_rows n JOIN old_rows o USING (organization_id, id)
                CROSS JOIN unnest(TG_ARGV) k (key)
                CROSS JOIN LATERAL (SELECT * FROM read.texts_of(n.keys, k.key)
                                    UNION ALL SELECT * FROM read.texts_of(o.keys, k.key)) v (text)
                WHERE (n.keys, n.same_as, n.entity, n.arrived)
                    IS DISTINCT FROM (o.keys, o.same_as, o.entity, o.arrived);
            END IF;
    END CASE;
    IF organizations IS NULL THEN
        RETURN NULL;
    END IF;
    -- What only one row has, and had no pairs, is most of it.
    EXECUTE format(
        'SELECT array_agg(t.organization_id), array_agg(t.key), array_agg(t.text)'
        ' FROM (SELECT DISTINCT * FROM unnest($1, $2, $3) t (organization_id, key, text)) t'
        ' WHERE 1 < (SELECT count(*) FROM (SELECT FROM %I.%I v WHERE v.organization_id = t.organization_id'
        '                                      AND v.key = t.key AND v.text = t.text LIMIT 2) o)'
        '     OR EXISTS (SELECT FROM %s p WHERE p.organization_id = t.organization_id AND p.key = t.key'
        '                                     AND p.text = t.text)',
        TG_TABLE_SCHEMA, TG_TABLE_NAME || '_values', own)
        INTO organizations, keys, texts USING organizations, keys, texts;
    IF organizations IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'DELETE FROM %s p USING unnest($1, $2, $3) t (organization_id, key, text)'
        ' WHERE p.organization_id = t.organization_id AND p.key = t.key AND p.text = t.text', own)
        USING organizations, keys, texts;
    EXECUTE format('INSERT INTO %s SELECT * FROM read.pairs_among($1, $2, $3, $4)', own)
        USING format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), organizations, keys, texts;
    RETURN NULL;
END $$;
