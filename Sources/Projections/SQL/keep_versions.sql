INSERT INTO {history} ({columns})
SELECT $1, {arrays}
