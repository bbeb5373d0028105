INSERT INTO read.view (name, file, definition, installed) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET file = excluded.file, definition = excluded.definition, installed = excluded.installed
