-- Field sets, as the API shows them.
CREATE VIEW read.field_set_documents WITH (security_invoker = true) AS
SELECT f.organization_id,
       f.id,
       coalesce(f.fields, '{}') AS fields,
       f.version,
       f.position,
       read.instant(f.created_at) AS created_at,
       read.instant(f.updated_at) AS updated_at
FROM read.field_sets f
