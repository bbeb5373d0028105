-- Products, as the API shows them.
CREATE VIEW read.product_documents WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id,
       p.name,
       p.code,
       p.series,
       read.money(p.price_minor, p.price_currency) AS price,
       p.description,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = p.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(p.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(p.tags) k(id)
           JOIN read.tags g ON g.organization_id = p.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       p.version,
       p.position,
       read.instant(p.created_at) AS created_at,
       read.instant(p.updated_at) AS updated_at,
       read.instant(p.archived_at) AS archived_at
FROM read.products p
