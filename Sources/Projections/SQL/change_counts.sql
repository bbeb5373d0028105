-- How many rows are added, removed and changed.
SELECT kind, count(*) FROM changed_rows GROUP BY kind
