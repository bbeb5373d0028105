SELECT organization_id, position, events, leaf_sum FROM read.progress WHERE projection = $1
