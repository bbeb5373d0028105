INSERT INTO {rows} ({columns})
SELECT $1, u.* FROM unnest({arrays}) u
ON CONFLICT (organization_id, id) DO UPDATE SET {sets}
