-- The columns of a table of `read` ($1), whatever their order.
SELECT format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
FROM pg_attribute a
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1
