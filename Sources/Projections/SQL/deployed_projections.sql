SELECT name, generation, state, file, definition FROM read.projection ORDER BY name
