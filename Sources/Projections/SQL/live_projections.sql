SELECT name, generation FROM read.projection WHERE state = 'live' ORDER BY name
