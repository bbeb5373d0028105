INSERT INTO {history} ({columns})
SELECT $1, u.* FROM unnest({arrays}) u
