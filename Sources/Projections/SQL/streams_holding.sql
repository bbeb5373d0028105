-- The streams with a part of their data under this person's key: a part begins with its kind, 0, and the person.
SELECT DISTINCT stream_id FROM log.event
WHERE organization_id = $1 AND private IS NOT NULL AND position('\x00'::bytea || uuid_send($2) IN private) > 0
