-- Only what has begun is told of: a word that comes late does not bring back what has ended.
UPDATE read.rebuild SET phase = $2, events = $3, total = $4, per_second = $5, seconds_left = $6, waits_for = $7,
    told_at = clock_timestamp()
WHERE projection = ANY ($1) AND failure IS NULL
