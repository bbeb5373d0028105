SELECT name, file, definition, installed FROM read.view ORDER BY file
