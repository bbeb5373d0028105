-- What was spent on campaigns, as the API shows it.
CREATE VIEW read.campaign_cost_documents WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.id,
       c.cost_id,
       c.campaign_id,
       read.money(c.amount_minor, c.amount_currency) AS amount,
       c.day,
       c.description,
       c.recorded_by,
       m.name AS recorded_by_name,
       read.instant(c.created_at) AS recorded_at
FROM read.campaign_costs c
LEFT JOIN read.members m ON m.organization_id = c.organization_id AND m.id = c.recorded_by
