-- The streams that an import wrote to, each where it did so last, the latest first; what takes the import back is not
-- its own. Backwards along the primary key: the pages of one import read the log once, and each stream's later events.
SELECT e.stream_id, e.position, split_part(e.type, '.', 1)
FROM log.event e
WHERE e.organization_id = $1 AND e.position < $4 AND e.meta ->> 'import' = $2::uuid::text AND e.command_id <> $3
    AND e.version = (
        SELECT max(l.version) FROM log.event l
        WHERE l.organization_id = $1 AND l.stream_id = e.stream_id AND l.version >= e.version
            AND l.meta ->> 'import' = $2::uuid::text AND l.command_id <> $3)
ORDER BY e.position DESC
LIMIT $5
