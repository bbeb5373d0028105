SELECT name, generation, state, file, definition, rolled_back FROM read.projection ORDER BY name
