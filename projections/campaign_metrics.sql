-- What came of campaigns, one row for each: the funnel of its members, what it cost, and the deals attributed to it,
-- which are those that name it. Who is further in the funnel counts for the steps before, too. The return is
-- (won - cost) / cost, of the deals won in the campaign's own currency.
CREATE VIEW read.campaign_metrics WITH (security_invoker = true) AS
SELECT c.organization_id,
       c.id,
       c.name,
       c.kind,
       c.status,
       c.owner_id,
       c.starts_on,
       c.ends_on,
       read.money(c.budget_minor, c.budget_currency) AS budget,
       read.money(c.cost_minor, coalesce(c.cost_currency, c.budget_currency)) AS cost,
       f.members,
       f.sent,
       f.delivered,
       f.opened,
       f.clicked,
       f.bounced,
       f.unsubscribed,
       round(f.delivered::numeric / nullif(f.sent, 0), 4) AS delivery_rate,
       round(f.opened::numeric / nullif(f.delivered, 0), 4) AS open_rate,
       round(f.clicked::numeric / nullif(f.opened, 0), 4) AS click_rate,
       d.deals,
       d.open_deals,
       d.won_deals,
       round(d.won_deals::numeric / nullif(f.members, 0), 4) AS conversion_rate,
       coalesce(d.won, '[]') AS won,
       round((d.won_minor - c.cost_minor)::numeric / nullif(c.cost_minor, 0), 4) AS roi,
       (SELECT coalesce(
                   json_agg(json_build_object('name', g.key, 'goal', g.value, 'reached', CASE g.key
                       WHEN 'members' THEN f.members WHEN 'sent' THEN f.sent WHEN 'delivered' THEN f.delivered
                       WHEN 'opened' THEN f.opened WHEN 'clicked' THEN f.clicked WHEN 'deals' THEN d.deals
                       WHEN 'won_deals' THEN d.won_deals END) ORDER BY g.key), '[]')
        FROM jsonb_each(c.goals) g) AS goals,
       c.archived_at,
       c.created_at
FROM read.campaigns c
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.members), 0)::bigint AS members,
           coalesce(sum(t.members) FILTER (
               WHERE t.sent OR t.bounced OR t.delivered OR t.opened OR t.clicked OR t.unsubscribed), 0)::bigint AS sent,
           coalesce(sum(t.members) FILTER (
               WHERE t.delivered OR t.opened OR t.clicked OR t.unsubscribed), 0)::bigint AS delivered,
           coalesce(sum(t.members) FILTER (WHERE t.opened OR t.clicked), 0)::bigint AS opened,
           coalesce(sum(t.members) FILTER (WHERE t.clicked), 0)::bigint AS clicked,
           coalesce(sum(t.members) FILTER (WHERE t.bounced), 0)::bigint AS bounced,
           coalesce(sum(t.members) FILTER (WHERE t.unsubscribed), 0)::bigint AS unsubscribed
    FROM (
        SELECT s.members, s.sent, s.delivered, s.opened, s.clicked, s.bounced, s.unsubscribed
        FROM read.campaign_members_totals s
        WHERE s.organization_id = c.organization_id AND s.campaign_id = c.id AND NOT s.archived
        UNION ALL
        -- Who was merged with another member counts once.
        SELECT -1, d.sent, d.delivered, d.opened, d.clicked, d.bounced, d.unsubscribed
        FROM read.campaign_member_doubles d
        WHERE d.organization_id = c.organization_id AND d.campaign_id = c.id
    ) t
) f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(g.deals), 0)::bigint AS deals,
           coalesce(sum(g.deals) FILTER (WHERE g.status = 'open'), 0)::bigint AS open_deals,
           coalesce(sum(g.deals) FILTER (WHERE g.status = 'won'), 0)::bigint AS won_deals,
           coalesce(sum(g.minor) FILTER (
               WHERE g.status = 'won' AND g.currency = coalesce(c.cost_currency, c.budget_currency)), 0) AS won_minor,
           json_agg(json_build_object('minor', g.minor, 'currency', g.currency) ORDER BY g.currency) FILTER (
               WHERE g.status = 'won' AND g.currency IS NOT NULL) AS won
    FROM (
        SELECT x.status, x.amount_currency AS currency, count(*) AS deals, sum(x.amount_minor) AS minor
        FROM read.deals x
        WHERE x.organization_id = c.organization_id AND x.campaign_id = c.id AND x.archived_at IS NULL
        GROUP BY x.status, x.amount_currency
    ) g
) d
