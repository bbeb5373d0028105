-- Tags, as the API shows them.
CREATE VIEW read.tag_documents WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.id,
       t.name,
       t.colour,
       t.description,
       coalesce(t.custom, '{}') AS custom,
       t.version,
       t.position,
       read.instant(t.created_at) AS created_at,
       read.instant(t.updated_at) AS updated_at,
       read.instant(t.archived_at) AS archived_at
FROM read.tags t
