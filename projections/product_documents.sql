-- Products, as the API shows them.
CREATE VIEW read.product_documents WITH (security_invoker = true) AS
SELECT p.organization_id,
       p.id,
       p.name,
       p.code,
       p.series,
       read.money(p.price_minor, p.price_currency) AS price,
       p.description,
       coalesce(p.custom, '{}') AS custom,
       p.version,
       p.position,
       read.instant(p.created_at) AS created_at,
       read.instant(p.updated_at) AS updated_at,
       read.instant(p.archived_at) AS archived_at
FROM read.products p
