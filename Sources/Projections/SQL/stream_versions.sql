-- The last version of each stream of an organization up to a position.
SELECT stream_id, max(version) FROM log.event WHERE organization_id = $1 AND position <= $2 GROUP BY stream_id
