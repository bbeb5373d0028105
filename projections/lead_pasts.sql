-- When somebody spoke with leads, and where these stood, as acts that can be asked again (see deal_pasts). What one
-- began with that was changed since stands first; what one was converted to, its row says.
CREATE VIEW read.lead_pasts WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.subject_id AS id,
       t.created_at AS at,
       t.number,
       CASE
           WHEN t.event = 'lead.captured' THEN 'capture'
           WHEN t.event = 'lead.qualified' THEN 'qualify'
           WHEN t.event = 'lead.disqualified' THEN 'disqualify'
           WHEN t.event = 'lead.reopened' THEN 'reopen'
           WHEN v.contacted THEN 'mark_contacted'
           ELSE 'edit'
       END AS act,
       CASE
           WHEN t.event = 'lead.captured' OR t.event = 'lead.contacted' AND NOT v.contacted
           THEN json_build_object('contacted', v.contacted)
           WHEN t.event = 'lead.disqualified' THEN json_build_object('disqualified_reason', v.disqualified_reason)
           ELSE '{}'
       END AS body
FROM read.timeline t
JOIN read.leads l ON l.organization_id = t.organization_id AND l.id = t.subject_id
JOIN read.leads_versions v
    ON v.organization_id = t.organization_id AND v.id = t.subject_id AND v.since_position = t.number
WHERE t.record_id = t.subject_id
    AND (t.event IN ('lead.contacted', 'lead.qualified', 'lead.reopened')
        OR t.event = 'lead.disqualified' AND v.disqualified_reason IS NOT NULL
        OR t.event = 'lead.captured' AND v.contacted IS DISTINCT FROM l.contacted)
