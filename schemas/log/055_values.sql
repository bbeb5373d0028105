-- Values beside the rows of a read table: what a member of a json column is as a plain text or number.

-- A text is kept with its first 200 characters, so that an index takes it; true is 1; an amount is its minor units,
-- with the currency as text; of a list each element, from 1 on; all else is element 0. What is neither is no value.
CREATE FUNCTION read.flat_values(object jsonb)
    RETURNS TABLE (key text, element int, text text, number float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT e.key, a.element,
           left(CASE a.type WHEN 'string' THEN a.value #>> '{}' WHEN 'object' THEN a.value ->> 'currency' END, 200),
           CASE
               WHEN a.type = 'number' THEN a.value::float8
               WHEN a.type = 'boolean' THEN a.value::boolean::int
               WHEN a.type = 'object' AND jsonb_typeof(a.value -> 'minor') = 'number'
                   THEN (a.value -> 'minor')::float8
           END
    FROM jsonb_each(CASE jsonb_typeof(object) WHEN 'object' THEN object ELSE '{}' END) e
    CROSS JOIN LATERAL (
        SELECT 0, e.value, jsonb_typeof(e.value) WHERE jsonb_typeof(e.value) NOT IN ('array', 'null')
        UNION ALL
        SELECT l.place::int, l.value, jsonb_typeof(l.value)
        FROM jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE '[]' END)
            WITH ORDINALITY l (value, place)
        WHERE jsonb_typeof(l.value) NOT IN ('array', 'object', 'null')
    ) a (element, value, type)
$$;

-- Keeps the values beside a table's rows in step with them. The argument names the json column; the values lie in the
-- table of the same name with _values behind it, also when both have been renamed.
CREATE FUNCTION read.follow_values() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_values');
    which text := TG_ARGV[0];
    is_touched boolean;
BEGIN
    CASE TG_OP
        WHEN 'INSERT' THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM new_rows n WHERE n.%I IS NOT NULL)', which) INTO is_touched;
            IF is_touched THEN
                EXECUTE format(
                    'INSERT INTO %s SELECT n.organization_id, n.id, v.key, v.element, v.text, v.number'
                    ' FROM new_rows n CROSS JOIN LATERAL read.flat_values(n.%I) v', own, which);
            END IF;
        WHEN 'DELETE' THEN
            EXECUTE format(
                'DELETE FROM %s v USING old_rows o WHERE v.organization_id = o.organization_id AND v.id = o.id', own);
        WHEN 'UPDATE' THEN
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM new_rows n JOIN old_rows o USING (organization_id, id)'
                ' WHERE n.%1$I IS DISTINCT FROM o.%1$I)', which) INTO is_touched;
            IF is_touched THEN
                EXECUTE format(
                    'DELETE FROM %2$s v USING new_rows n JOIN old_rows o USING (organization_id, id)'
                    ' WHERE n.%1$I IS DISTINCT FROM o.%1$I'
                    ' AND v.organization_id = n.organization_id AND v.id = n.id', which, own);
                EXECUTE format(
                    'INSERT INTO %2$s SELECT n.organization_id, n.id, v.key, v.element, v.text, v.number'
                    ' FROM new_rows n JOIN old_rows o USING (organization_id, id)'
                    ' CROSS JOIN LATERAL read.flat_values(n.%1$I) v'
                    ' WHERE n.%1$I IS DISTINCT FROM o.%1$I', which, own);
            END IF;
    END CASE;
    RETURN NULL;
END
$$;
