-- Comments or descriptions changed: the same table, another text.
UPDATE read.projection SET file = $2, definition = $3 WHERE name = $1
