-- Which of these streams do have the version that comes before, at an earlier position.
SELECT u.stream_id
FROM unnest($2::uuid[], $3::int[], $4::bigint[]) AS u (stream_id, version, position)
JOIN log.event e ON e.organization_id = $1 AND e.stream_id = u.stream_id AND e.version = u.version - 1
WHERE e.position < u.position
