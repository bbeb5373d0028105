SELECT organization_id, stream_id, position, version, code FROM read.held WHERE projection = $1
