WITH held AS (DELETE FROM read.held WHERE projection = $1)
DELETE FROM read.progress WHERE projection = $1
