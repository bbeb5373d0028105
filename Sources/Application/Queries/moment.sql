-- The moment up to which events count, by when they occurred ($2, or the end of the day $3) and by when they were
-- recorded ($4, or $5), for this transaction. A day ends where the organization is now.
WITH zone AS (
    SELECT coalesce((
        SELECT o.time_zone FROM read.organizations o WHERE o.organization_id = $1 AND o.id = $1
    ), 'UTC') AS name
), moment AS (
    SELECT coalesce($2, ($3 + 1)::timestamp AT TIME ZONE name - interval '1 microsecond', 'infinity') AS occurred,
           coalesce($4, ($5 + 1)::timestamp AT TIME ZONE name - interval '1 microsecond', 'infinity') AS recorded
    FROM zone
)
SELECT set_config('daybook.as_of', occurred::text, true), set_config('daybook.as_known', recorded::text, true)
FROM moment
