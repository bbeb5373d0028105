SELECT position FROM read.progress WHERE projection = $1 AND organization_id = $2
