-- What counts when amounts are converted to the organization's own currency: of each currency the last rate that is not
-- after the rate date, its day, and 1 for the own currency itself. `read.rate_date` tells which day is meant. Rates to
-- another base are of the time when the organization counted in that one. The organization is joined, so that as of a
-- moment before its first event it is as it was first.
CREATE VIEW read.base_rates WITH (security_invoker = true) AS
SELECT o.organization_id,
       o.currency AS base,
       read.rate_date(o.time_zone, now()) AS rate_date,
       o.currency,
       1::numeric AS rate,
       read.rate_date(o.time_zone, now()) AS day
FROM (SELECT) one CROSS JOIN read.organizations o
UNION ALL
(SELECT DISTINCT ON (r.organization_id, r.currency)
        r.organization_id,
        r.base,
        read.rate_date(o.time_zone, now()),
        r.currency,
        r.rate,
        r.day
 FROM read.rates r
 JOIN read.organizations o ON o.organization_id = r.organization_id AND o.id = r.organization_id
 WHERE r.base = o.currency AND r.currency <> o.currency
     AND r.archived_at IS NULL AND r.day <= read.rate_date(o.time_zone, now())
 ORDER BY r.organization_id, r.currency, r.day DESC, r.position DESC)
