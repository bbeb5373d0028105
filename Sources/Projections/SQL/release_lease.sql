DELETE FROM read.lease WHERE holder = $1
