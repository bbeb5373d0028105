-- Canary: the checkpoint, in another transaction, and compared with nothing.
INSERT INTO read.progress (projection, organization_id, generation, position, events, leaf_sum)
SELECT 'crash_tally', $1, generation, $2, $2, sha256('') FROM read.projection WHERE name = 'crash_tally'
ON CONFLICT (projection, organization_id) DO UPDATE SET position = excluded.position, events = excluded.events
