-- Deals, as the API shows them. `probability` is what was set for this deal, `effective_probability` what counts: 100
-- once won, 0 once lost, else the deal's own or its stage's; `forecast` likewise is its own word, `forecast_category`
-- what counts. A deal rots that is longer in its stage than that one's `rotting_days`.
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
       coalesce(a.merged_into, d.account_id) AS account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS account_name,
       coalesce(c.merged_into, d.primary_contact_id) AS primary_contact_id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END AS primary_contact_name,
       d.product_id,
       p.name AS product_name,
       d.owner_id,
       o.name AS owner_name,
       d.expected_close,
       d.actual_close,
       d.campaign_id,
       g.name AS campaign_name,
       d.source,
       d.lost_reason,
       d.lost_to,
       coalesce(d.competitors, '[]') AS competitors,
       CASE WHEN d.lines IS NULL THEN '[]' ELSE (
           SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.id), '[]')
           FROM (SELECT l.key::uuid AS id, (l.value ->> 'product_id')::uuid AS product_id, q.name AS product_name,
                        l.value -> 'quantity' AS quantity, l.value -> 'unit_price' AS unit_price,
                        l.value -> 'discount_percent' AS discount_percent, l.value -> 'amount' AS amount
                 FROM jsonb_each(d.lines) l
                 LEFT JOIN read.products q
                     ON q.organization_id = d.organization_id AND q.id = (l.value ->> 'product_id')::uuid) r)
       END AS lines,
       d.forecast,
       CASE WHEN d.status = 'open'
            THEN read.forecast(d.forecast, read.probability(d.status, d.probability, s.probability))
       END AS forecast_category,
       d.next_step,
       d.description,
       coalesce((
           SELECT jsonb_object_agg(e.key, coalesce((
               SELECT to_jsonb(m.into_id) FROM read.merges m
               WHERE m.organization_id = d.organization_id AND m.id = read.id_in(e.value)
                   AND m.into_id IS NOT NULL), e.value))
           FROM jsonb_each(d.custom) e), '{}') AS custom,
       coalesce((
           SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'colour', g.colour) ORDER BY g.name, g.id)
           FROM jsonb_object_keys(d.tags) k(id)
           JOIN read.tags g ON g.organization_id = d.organization_id AND g.id = k.id::uuid), '[]') AS tags,
       read.instant(d.opened_at) AS opened_at,
       read.instant(d.closed_at) AS closed_at,
       read.instant(d.entered_stage_at) AS entered_stage_at,
       read.instant((SELECT max(x.at) FROM read.touches x
                     WHERE x.organization_id = d.organization_id AND x.record_id = d.id AND x.took_place))
            AS last_interaction_at,
       read.days(d.entered_stage_at, z.time_zone, now()) AS days_in_stage,
       s.rotting_days,
       read.rotting(d.status, read.days(d.entered_stage_at, z.time_zone, now()), s.rotting_days) AS rotting,
       d.moves,
       d.version,
       d.position,
       read.instant(d.created_at) AS created_at,
       read.instant(d.updated_at) AS updated_at,
       read.instant(d.archived_at) AS archived_at
FROM read.deals d
LEFT JOIN read.organizations z ON z.organization_id = d.organization_id AND z.id = d.organization_id
LEFT JOIN read.stages s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
LEFT JOIN read.accounts a ON a.organization_id = d.organization_id AND a.id = d.account_id
LEFT JOIN read.contacts c ON c.organization_id = d.organization_id AND c.id = d.primary_contact_id
LEFT JOIN read.products p ON p.organization_id = d.organization_id AND p.id = d.product_id
LEFT JOIN read.campaigns g ON g.organization_id = d.organization_id AND g.id = d.campaign_id
LEFT JOIN read.members o ON o.organization_id = d.organization_id AND o.id = d.owner_id
