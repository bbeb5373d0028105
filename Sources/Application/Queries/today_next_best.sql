-- What a member might do next: each record once, by the first rule that it comes from, the longest since first. The
-- rules are gone through in steps, the dearest last, and a step is not taken once there are twenty records. Of each the
-- first 40 are enough: at most 19 of them are there already.
WITH own AS NOT MATERIALIZED (
    SELECT n.place, n.rule, n.entity, n.record_id, n.name, n.since
    FROM read.next_best n
    WHERE n.organization_id = $1 AND n.member_id = $2
), one AS MATERIALIZED (
    SELECT o.* FROM own o WHERE o.place <= 4 ORDER BY o.place, o.since, o.record_id LIMIT 40
), two AS MATERIALIZED (
    SELECT o.* FROM own o
    WHERE o.place > 4 AND o.place <= 5 AND (SELECT count(DISTINCT p.record_id) FROM one p) < 20
    ORDER BY o.place, o.since, o.record_id LIMIT 40
), three AS MATERIALIZED (
    SELECT o.* FROM own o
    WHERE o.place > 5 AND o.place <= 6
        AND (SELECT count(DISTINCT p.record_id) FROM (TABLE one UNION ALL TABLE two) p) < 20
    ORDER BY o.place, o.since, o.record_id LIMIT 40
), four AS MATERIALIZED (
    SELECT o.* FROM own o
    WHERE o.place > 6
        AND (SELECT count(DISTINCT p.record_id) FROM (TABLE one UNION ALL TABLE two UNION ALL TABLE three) p) < 20
    ORDER BY o.place, o.since, o.record_id LIMIT 40
)
SELECT row_to_json(d)
FROM (
    SELECT b.rule, json_build_object('entity', b.entity, 'id', b.record_id) AS record, b.name,
           read.instant(b.since) AS since
    FROM (
        SELECT DISTINCT ON (n.entity, n.record_id) n.rule, n.entity, n.record_id, n.name, n.since, n.place
        FROM (TABLE one UNION ALL TABLE two UNION ALL TABLE three UNION ALL TABLE four) n
        ORDER BY n.entity, n.record_id, n.place
    ) b
    ORDER BY b.place, b.since, b.record_id
    LIMIT 20
) d
