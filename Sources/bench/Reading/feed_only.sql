-- Only these are fed from now on; the others stay where they are.
UPDATE read.projection SET state = CASE WHEN name = ANY ($1) THEN 'live' ELSE 'stopped' END WHERE state <> 'dropped'
