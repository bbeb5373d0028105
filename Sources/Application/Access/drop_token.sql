DELETE FROM access.token WHERE digest = $1
