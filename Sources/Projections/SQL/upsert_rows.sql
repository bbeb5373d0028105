-- The arrays are taken apart in the list of columns, not in FROM, which would first write each of them to a table.
INSERT INTO {rows} ({columns})
SELECT $1, {arrays}
ON CONFLICT (organization_id, id) DO UPDATE SET {sets}
