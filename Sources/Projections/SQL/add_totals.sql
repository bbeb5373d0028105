INSERT INTO {totals} AS t ({columns})
SELECT $1, {arrays}
ON CONFLICT ({key}) DO UPDATE SET {sets}
