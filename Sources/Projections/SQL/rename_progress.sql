WITH held AS (UPDATE read.held SET projection = $2 WHERE projection = $1)
UPDATE read.progress SET projection = $2 WHERE projection = $1
