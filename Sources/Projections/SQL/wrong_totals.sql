-- The groups of a table's totals that are not what its rows add up to, by a count that Postgres makes itself: in one
-- pass, since a group may have empty columns, by which nothing is joined fast. No column of a projection has a name
-- with capital letters, so ours are told from theirs.
SELECT count(*) FROM (
    SELECT FROM (
        SELECT {groups}, 1 AS "Made", 0 AS "Kept", {amount} AS "Difference" FROM {rows}
        UNION ALL
        SELECT {groups}, 0, {count}, -{sum} FROM {totals}
    ) x
    GROUP BY {groups} HAVING sum("Made") <> sum("Kept") OR sum("Made") = 0 OR sum("Difference") <> 0
) y
