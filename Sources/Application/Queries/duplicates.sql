-- A page of pairs that may be the same, and one pair more: of those that are asked for by $2, those first whose later
-- record arrived last, behind ($4, $5) where a page goes on. Whether they were dismissed is $6; a dismissal of records
-- that were merged since is one of those that stand for them. Pair by pair: few are shown.
SELECT json_build_object(
           'score', w.score, 'reasons', w.reasons, 'records', json_build_array(o.document, n.document),
           'resolution', CASE WHEN n.entity = o.entity THEN 'merge' ELSE 'convert' END, 'dismissed', d.document),
       p.newer_at, p.older_at
FROM (
    SELECT DISTINCT ON (x.newer_at, x.older_at) x.newer, x.older, x.newer_at, x.older_at
    FROM {pairs} x
    WHERE $4::bigint IS NULL OR (x.newer_at, x.older_at) < ($4, $5)
    ORDER BY x.newer_at DESC, x.older_at DESC
) p
CROSS JOIN LATERAL (
    SELECT r.entity, to_json(r) AS document
    FROM (SELECT r.id, r.entity, r.name, r.emails, r.phones, r.website, r.company, r.owner_id, r.created_at
          FROM read.duplicate_records r WHERE r.organization_id = $1 AND r.id = p.newer OFFSET 0) r
) n
CROSS JOIN LATERAL (
    SELECT r.entity, to_json(r) AS document
    FROM (SELECT r.id, r.entity, r.name, r.emails, r.phones, r.website, r.company, r.owner_id, r.created_at
          FROM read.duplicate_records r WHERE r.organization_id = $1 AND r.id = p.older OFFSET 0) r
) o
LEFT JOIN LATERAL (
    SELECT json_build_object('record_id', d.record_id, 'other_id', d.other_id, 'at', read.instant(d.dismissed_at),
                             'by', d.dismissed_by) AS document
    FROM (SELECT p.newer
          UNION ALL
          SELECT m.id FROM read.merges m WHERE m.organization_id = $1 AND m.into_id = p.newer) k (id)
    CROSS JOIN LATERAL (SELECT d.* FROM read.duplicate_dismissals d
                        WHERE d.organization_id = $1 AND d.record_id = k.id OFFSET 0) d
    WHERE coalesce((SELECT m.into_id FROM read.merges m WHERE m.organization_id = $1 AND m.id = d.other_id), d.other_id)
        = p.older
    LIMIT 1
) d ON true
CROSS JOIN LATERAL (
    -- What has several values in common is one reason.
    SELECT json_agg(json_strip_nulls(json_build_object('by', g.by, 'values', g.values, 'similarity', g.similarity))
                    ORDER BY g.weight DESC, g.by) AS reasons,
           round((1 - exp(sum(ln(1 - g.weight))))::numeric, 2)::float8 AS score
    FROM (
        SELECT f.by, max(f.weight) AS weight, round(max(f.similarity)::numeric, 2)::float8 AS similarity,
               array_agg(DISTINCT f.text) FILTER (WHERE f.by <> 'name') AS values
        FROM (
            SELECT CASE x.key WHEN 'sound' THEN 'name' ELSE x.key END AS by, x.text,
                   CASE WHEN x.key IN ('name', 'sound') THEN x.likeness ELSE 1 END AS similarity,
                   CASE x.key WHEN 'email' THEN 0.9 WHEN 'domain' THEN 0.7 WHEN 'phone' THEN 0.6
                              ELSE 0.6 * x.likeness END AS weight
            FROM read.person_keys_pairs x
            WHERE x.organization_id = $1 AND x.newer = p.newer AND x.older = p.older
        ) f
        GROUP BY f.by
    ) g
) w
WHERE (d.document IS NOT NULL) = $6
ORDER BY p.newer_at DESC, p.older_at DESC
LIMIT $3
