-- Field sets, as the API shows them.
SELECT f.organization_id,
       f.id,
       coalesce(f.fields, '{}') AS fields,
       f.version,
       f.position,
       read.instant(f.created_at) AS created_at,
       read.instant(f.updated_at) AS updated_at
FROM read.field_sets f
