-- Deals, as a board shows them.
CREATE VIEW read.deal_cards WITH (security_invoker = true) AS
SELECT d.organization_id,
       d.id,
       d.title,
       d.status,
       read.money(d.amount_minor, d.amount_currency) AS amount,
       read.probability(d.status, d.probability, s.probability) AS effective_probability,
       d.stage_id,
       coalesce(a.merged_into, d.account_id) AS account_id,
       CASE WHEN a.merged_into IS NULL THEN a.name
            ELSE (SELECT w.name FROM read.accounts w
                  WHERE w.organization_id = a.organization_id AND w.id = a.merged_into) END AS account_name,
       coalesce(c.merged_into, d.primary_contact_id) AS primary_contact_id,
       CASE WHEN c.merged_into IS NULL THEN nullif(concat_ws(' ', c.first_name, c.last_name), '')
            ELSE (SELECT nullif(concat_ws(' ', w.first_name, w.last_name), '') FROM read.contacts w
                  WHERE w.organization_id = c.organization_id AND w.id = c.merged_into) END AS primary_contact_name,
       d.owner_id,
       o.name AS owner_name,
       d.expected_close,
       d.actual_close,
       d.next_step,
       read.instant(d.entered_stage_at) AS entered_stage_at,
       read.days(d.entered_stage_at, z.time_zone, now()) AS days_in_stage,
       read.rotting(d.status, read.days(d.entered_stage_at, z.time_zone, now()), s.rotting_days) AS rotting,
       d.version,
       d.position
FROM read.deals d
LEFT JOIN read.organizations z ON z.organization_id = d.organization_id AND z.id = d.organization_id
LEFT JOIN read.stages s
    ON s.organization_id = d.organization_id AND s.pipeline_id = d.pipeline_id AND s.id = d.stage_id
LEFT JOIN read.accounts a ON a.organization_id = d.organization_id AND a.id = d.account_id
LEFT JOIN read.contacts c ON c.organization_id = d.organization_id AND c.id = d.primary_contact_id
LEFT JOIN read.members o ON o.organization_id = d.organization_id AND o.id = d.owner_id
