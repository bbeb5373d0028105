-- The organization, as the API shows it.
CREATE VIEW read.organization_documents WITH (security_invoker = true) AS
SELECT o.organization_id,
       o.id,
       o.name,
       o.currency,
       o.time_zone,
       o.fiscal_year_start,
       o.default_pipeline_id,
       o.labels,
       coalesce(o.email_policy, 'reject') AS email_policy,
       o.version,
       o.position,
       read.instant(o.created_at) AS created_at,
       read.instant(o.updated_at) AS updated_at
FROM read.organizations o
