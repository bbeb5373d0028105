-- Deals, as the API shows them. `probability` is what was set for this deal, `effective_probability` what counts: 100
-- once won, 0 once lost, else the deal's own or its stage's.
CREATE VIEW read.deal_documents WITH (security_invoker = true) AS
SELECT d.organization_id,
       d.id,
       d.title,
       d.status,
       read.money(d.amount_minor, d.amount_currency) AS amount,
       read.money(
           read.weighted(d.amount_minor, read.probability(d.status, d.probability, s.probability)),
           d.amount_currency) AS weighted_amount,
       d.probability,
       read.probability(d.status, d.probability, s.probability) AS effective_probability,
       d.pipeline_id,
       s.pipeline_name,
       d.stage_id,
       s.name AS stage_name,
       d.account_id,
       a.name AS account_name,
       d.primary_contact_id,
       nullif(concat_ws(' ', c.first_name, c.last_name), '') AS primary_contact_name,
       d.product_id,
       p.name AS product_name,
       d.owner_id,
       o.name AS owner_name,
       d.expected_close,
       d.actual_close,
       d.source,
       d.lost_reason,
       d.next_step,
       d.description,
       coalesce(d.custom, '{}') AS custom,
       read.instant(d.opened_at) AS opened_at,
       read.instant(d.closed_at) AS closed_at,
       read.instant(d.entered_stage_at) AS entered_stage_at,
       d.moves,
       d.version,
       d.position,
       read.instant(d.created_at) AS created_at,
       read.instant(d.updated_at) AS updated_at,
       read.instant(d.archived_at) AS archived_at
FROM read.deals d
LEFT JOIN read.stages s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
LEFT JOIN read.accounts a ON a.organization_id = d.organization_id AND a.id = d.account_id
LEFT JOIN read.contacts c ON c.organization_id = d.organization_id AND c.id = d.primary_contact_id
LEFT JOIN read.products p ON p.organization_id = d.organization_id AND p.id = d.product_id
LEFT JOIN read.members o ON o.organization_id = d.organization_id AND o.id = d.owner_id
