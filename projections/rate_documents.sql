-- Rates, as the API shows them: one unit of `currency` is worth `rate` units of `base`.
CREATE VIEW read.rate_documents WITH (security_invoker = true) AS
SELECT r.organization_id,
       r.id,
       r.currency,
       r.day,
       r.base,
       r.rate,
       r.version,
       r.position,
       read.instant(r.created_at) AS created_at,
       read.instant(r.updated_at) AS updated_at,
       read.instant(r.archived_at) AS archived_at
FROM read.rates r
