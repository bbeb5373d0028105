-- What is new has pairs only where another row has its value; to look among the pairs, too, is for what changes or
-- goes. One statement for it, since one on transition tables is planned each time. A function is replaced whole: only
-- what is done on INSERT is other than before.
CREATE OR REPLACE FUNCTION read.follow_pairs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_pairs');
    organizations uuid[];
    keys text[];
    texts text[];
BEGIN
    CASE TG_OP
        WHEN 'INSERT' THEN
            EXECUTE format(
                'SELECT array_agg(t.organization_id), array_agg(t.key), array_agg(t.text)'
                ' FROM (SELECT DISTINCT n.organization_id, m.key, left(e.text, 200) AS text'
                '       FROM new_rows n CROSS JOIN LATERAL jsonb_each(n.keys) m'
                '       CROSS JOIN LATERAL jsonb_array_elements_text('
                '           CASE jsonb_typeof(m.value) WHEN ''array'' THEN m.value ELSE jsonb_build_array(m.value) END'
                '       ) e (text)'
                '       WHERE m.key = ANY ($1)) t'
                ' WHERE 1 < (SELECT count(*) FROM (SELECT FROM %I.%I v WHERE v.organization_id = t.organization_id'
                '                                      AND v.key = t.key AND v.text = t.text LIMIT 2) o)',
                TG_TABLE_SCHEMA, TG_TABLE_NAME || '_values')
                INTO organizations, keys, texts USING TG_ARGV;
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
    IF TG_OP <> 'INSERT' THEN
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
    END IF;
    EXECUTE format(
        'DELETE FROM %s p USING unnest($1, $2, $3) t (organization_id, key, text)'
        ' WHERE p.organization_id = t.organization_id AND p.key = t.key AND p.text = t.text', own)
        USING organizations, keys, texts;
    EXECUTE format('INSERT INTO %s SELECT * FROM read.pairs_among($1, $2, $3, $4)', own)
        USING format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), organizations, keys, texts;
    RETURN NULL;
END $$;
