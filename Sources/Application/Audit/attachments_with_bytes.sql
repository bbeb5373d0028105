-- Attachments of an organization, up to a position, whose bytes must be in the store: they were not taken away, and no
-- key of theirs was destroyed. One pass over the log.
SELECT e.stream_id
FROM log.event e
WHERE e.organization_id = $1 AND e.position <= $2 AND e.type = 'attachment.registered'
    AND NOT EXISTS (
        SELECT FROM log.event r
        WHERE r.organization_id = e.organization_id AND r.stream_id = e.stream_id AND r.type = 'attachment.removed')
    AND NOT EXISTS (
        SELECT FROM vault.person_key k
        WHERE k.organization_id = e.organization_id AND k.wrapped IS NULL
            AND k.person_id IN (e.stream_id, (e.data -> 'person' ->> 'id')::uuid))
ORDER BY e.position
