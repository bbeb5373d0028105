INSERT INTO read.rebuild (projection, phase, events, total, per_second)
SELECT u, 'reading', 0, 0, 0 FROM unnest($1::text[]) u
ON CONFLICT (projection) DO UPDATE SET phase = 'reading', events = 0, total = 0, per_second = 0, seconds_left = NULL,
    waits_for = '[]', failure = NULL, began_at = clock_timestamp(), told_at = clock_timestamp()
