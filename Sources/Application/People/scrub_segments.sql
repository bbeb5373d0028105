-- Segments of the write-ahead log up to the one that is named; a name begins with the timeline.
SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND substr(name, 9) <= substr($1, 9)
