-- What was spent on campaigns, as acts that can be asked again (see deal_pasts). What was recorded when one was over is
-- told at its end: an import tells that last.
CREATE VIEW read.campaign_pasts WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.campaign_id AS id,
       least(c.created_at, g.finished_at) AS at,
       0::bigint AS number,
       'record_cost' AS act,
       json_strip_nulls(json_build_object(
           'amount', read.money(c.amount_minor, c.amount_currency), 'day', c.day, 'description', c.description)) AS body
FROM read.campaign_costs c
JOIN read.campaigns g ON g.organization_id = c.organization_id AND g.id = c.campaign_id
