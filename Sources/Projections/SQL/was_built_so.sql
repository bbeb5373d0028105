-- Whether a projection's table was built from what decides how its rows look as the files and this version say it.
SELECT EXISTS (SELECT FROM read.projection WHERE name = $1 AND hash = sha256(convert_to($2, 'UTF8')))
