-- SKIP LOCKED: who holds a row is feeding or swapping it, which is as good a sign of life, and nobody waits here.
UPDATE read.projection SET heartbeat_at = now()
WHERE name IN (SELECT name FROM read.projection WHERE state = 'live' ORDER BY name FOR UPDATE SKIP LOCKED)
