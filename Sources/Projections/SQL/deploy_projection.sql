INSERT INTO read.projection (name, generation, state, file, definition, hash)
VALUES ($1, $2, $3, $4, $5, sha256(convert_to($6, 'UTF8')))
ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, state = excluded.state, file = excluded.file,
    definition = excluded.definition, hash = excluded.hash, built_at = clock_timestamp(),
    heartbeat_at = clock_timestamp()
