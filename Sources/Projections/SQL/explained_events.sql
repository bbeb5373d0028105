-- Who caused some events of an organization, when and by what.
SELECT position, version, stream_id, type, occurred_at, recorded_at, actor_id, command_id, meta
FROM log.event WHERE organization_id = $1 AND position = ANY ($2) ORDER BY position
