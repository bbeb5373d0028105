-- What is put down of a build: the organizations that are through, and how much of each was applied.
SELECT organization_id, position, events, leaf_sum, refolds FROM read.progress WHERE projection = $1
