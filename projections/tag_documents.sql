-- Tags, as the API shows them.
CREATE VIEW read.tag_documents WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.id,
       t.name,
       t.colour,
       t.description,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = t.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(t.custom) e), '{}') AS custom,
       t.version,
       t.position,
       read.instant(t.created_at) AS created_at,
       read.instant(t.updated_at) AS updated_at,
       read.instant(t.archived_at) AS archived_at
FROM read.tags t
