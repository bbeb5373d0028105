-- What is asked from now on, to the end of the transaction, has the plan that was made when it was first asked.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true)
