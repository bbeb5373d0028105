INSERT INTO access.migration (number, name, sha256) VALUES ($1, $2, sha256(convert_to($3, 'UTF8')))
