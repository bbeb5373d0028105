-- What is read from now on, to the end of the transaction, is read in the order of the table, not in that of an index.
SELECT set_config('enable_indexscan', 'off', true)
