-- Takes the row's lock, as a batch does; and a batch that has read rows before loses the compare.
UPDATE read.progress SET refolds = refolds + 1 WHERE projection = $1 AND organization_id = $2
RETURNING position, events, leaf_sum, refolds
