-- The ledger beside the migrations that this program has: numbers $1, texts $2. A side that lacks one is NULL.
SELECT l.number, l.name, w.number, l.sha256 = sha256(convert_to(w.sql, 'UTF8'))
FROM access.migration l
FULL JOIN unnest($1, $2) AS w (number, sql) USING (number)
