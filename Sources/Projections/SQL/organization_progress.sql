SELECT projection, generation, position, events, leaf_sum FROM read.progress WHERE organization_id = $1
