SELECT organization_id, position, events, leaf_sum, refolds FROM read.progress WHERE projection = $1
