SELECT position, events, leaf_sum FROM read.progress WHERE projection = 'crash_tally' AND organization_id = $1
