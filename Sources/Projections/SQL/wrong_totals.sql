-- The groups of a table's totals that are not what its rows add up to, by a count that Postgres makes itself: in one
-- pass, since a group may have empty columns, by which nothing is joined fast.
SELECT count(*) FROM (
    SELECT FROM (
        SELECT {groups}, 1 AS made, 0 AS kept, {amount} AS difference FROM {rows}
        UNION ALL
        SELECT {groups}, 0, {count}, -{sum} FROM {totals}
    ) x
    GROUP BY {groups} HAVING sum(made) <> sum(kept) OR sum(made) = 0 OR sum(difference) <> 0
) y
