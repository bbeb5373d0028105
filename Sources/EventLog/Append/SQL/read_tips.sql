-- The head of each log with the hashes of the complete subtrees that its tree is made of, largest first: of each bit of
-- its position, the one that ends where the lower bits are cleared. LIMIT, and an order
-- that one index serves, keep each a lookup.
SELECT u.organization, e.position, e.leaf, e.recorded_at, e.peaks
FROM unnest($1::uuid[]) u (organization)
LEFT JOIN LATERAL (
    SELECT h.position, substring(h.merkle FOR 32) AS leaf, h.recorded_at, p.peaks
    FROM (
        SELECT position, merkle, recorded_at
        FROM log.event WHERE organization_id = u.organization ORDER BY position DESC LIMIT 1
    ) h
    CROSS JOIN LATERAL (
        SELECT string_agg(substring(n.merkle FROM 32 * b.level + 1 FOR 32), '' ORDER BY b.level DESC) AS peaks
        FROM generate_series(0, 62) b (level)
        CROSS JOIN LATERAL (
            SELECT merkle FROM log.event
            WHERE organization_id = u.organization AND position <= (h.position >> b.level) << b.level
            ORDER BY position DESC LIMIT 1
        ) n
        WHERE (h.position >> b.level) & 1 = 1
    ) p
) e ON true
