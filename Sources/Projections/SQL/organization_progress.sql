SELECT projection, generation, position, events, leaf_sum, refolds FROM read.progress WHERE organization_id = $1
