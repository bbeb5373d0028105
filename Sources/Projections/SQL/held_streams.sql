SELECT organization_id, stream_id FROM read.held WHERE projection = $1 ORDER BY held_at, stream_id
