-- What happened to deals from their opening on, as acts that can be asked again: an export writes it down, and an
-- import tells it of the deals that it makes. How a deal that is closed was closed last, its row says.
CREATE VIEW read.deal_pasts WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.subject_id AS id,
       t.created_at AS at,
       t.number,
       CASE t.event
           WHEN 'deal.opened' THEN 'open'
           WHEN 'deal.moved' THEN 'move'
           WHEN 'deal.won' THEN 'win'
           WHEN 'deal.lost' THEN 'lose'
           ELSE 'reopen'
       END AS act,
       json_strip_nulls(json_build_object(
           'stage_id', v.stage_id, 'actual_close', v.actual_close, 'lost_reason', v.lost_reason,
           'lost_to', v.lost_to)) AS body
FROM read.timeline t
JOIN read.deals d ON d.organization_id = t.organization_id AND d.id = t.subject_id
JOIN read.deals_versions v
    ON v.organization_id = t.organization_id AND v.id = t.subject_id AND v.since_position = t.number
WHERE t.record_id = t.subject_id
    AND t.event IN ('deal.opened', 'deal.moved', 'deal.won', 'deal.lost', 'deal.reopened')
    AND (d.status = 'open' OR t.number <> (
        SELECT max(x.number) FROM read.timeline x
        WHERE x.organization_id = t.organization_id AND x.subject_id = t.subject_id AND x.record_id = t.subject_id
            AND x.event IN ('deal.won', 'deal.lost')))
