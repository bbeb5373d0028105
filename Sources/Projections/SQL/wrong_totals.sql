-- The groups of a table's totals that are not what its rows add up to, by a count that Postgres makes itself.
SELECT count(*) FROM (
    (SELECT {groups}, {made} FROM {rows} GROUP BY {groups} EXCEPT ALL SELECT {groups}, {kept} FROM {totals})
    UNION ALL
    (SELECT {groups}, {kept} FROM {totals} EXCEPT ALL SELECT {groups}, {made} FROM {rows} GROUP BY {groups})
) x
