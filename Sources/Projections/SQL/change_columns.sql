-- How many of the changed rows differ in each column.
SELECT k, count(*) FROM changed_rows CROSS JOIN LATERAL jsonb_object_keys(columns) k
WHERE kind = 'changed' GROUP BY k ORDER BY k
