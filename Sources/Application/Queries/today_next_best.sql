-- What a member might do next: each record once, by the first rule that it comes from, the longest since first.
SELECT row_to_json(d)
FROM (
    SELECT b.rule, json_build_object('entity', b.entity, 'id', b.record_id) AS record, b.name,
           read.instant(b.since) AS since
    FROM (
        SELECT DISTINCT ON (n.entity, n.record_id) n.rule, n.entity, n.record_id, n.name, n.since, n.place
        FROM read.next_best n
        WHERE n.organization_id = $1 AND n.member_id = $2
        ORDER BY n.entity, n.record_id, n.place
    ) b
    ORDER BY b.place, b.since, b.record_id
    LIMIT 20
) d
