INSERT INTO read.held (projection, organization_id, stream_id, position, version, code, "column")
SELECT u.projection, $1, u.stream_id, u.position, u.version, u.code, u.column
FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::int[], $6::text[], $7::text[])
    AS u (projection, stream_id, position, version, code, "column")
ON CONFLICT (projection, organization_id, stream_id) DO NOTHING
