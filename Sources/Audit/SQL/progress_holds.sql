SELECT projection, stream_id, position FROM read.held WHERE organization_id = $1
