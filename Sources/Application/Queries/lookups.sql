-- What the planner joins from now on, to the end of the transaction, it finds row by row.
SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
