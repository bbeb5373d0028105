INSERT INTO {totals} AS t ({columns})
SELECT $1, u.* FROM unnest({arrays}) u
ON CONFLICT ({key}) DO UPDATE SET {sets}
