-- How often the day on which a deal is expected to close was moved to a later one, and by how many days in all. A day
-- that was taken away and set again is compared with the one before.
CREATE VIEW read.deal_pushes WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.id AS deal_id,
       (array_agg(c.expected_close ORDER BY c.since_position))[1] AS first_expected_close,
       count(*) FILTER (WHERE c.expected_close > c.before) AS pushes,
       coalesce(sum(c.expected_close - c.before) FILTER (WHERE c.expected_close > c.before), 0)::bigint AS pushed_days,
       count(*) FILTER (WHERE c.expected_close < c.before) AS pulls,
       coalesce(sum(c.before - c.expected_close) FILTER (WHERE c.expected_close < c.before), 0)::bigint AS pulled_days
FROM (
    SELECT v.organization_id, v.id, v.since_position, v.expected_close,
           lag(v.expected_close) OVER (PARTITION BY v.organization_id, v.id ORDER BY v.since_position) AS before
    FROM read.deals_versions v
    WHERE v.expected_close IS NOT NULL
) c
GROUP BY c.organization_id, c.id
