-- When somebody spoke with accounts, as acts that can be asked again (see deal_pasts). What one began with that was
-- changed since stands first.
CREATE VIEW read.account_pasts WITH (security_invoker = true) AS
SELECT t.organization_id,
       t.subject_id AS id,
       t.created_at AS at,
       t.number,
       CASE WHEN t.event = 'account.created' THEN 'create' WHEN v.contacted THEN 'mark_contacted' ELSE 'edit' END
           AS act,
       CASE WHEN t.event = 'account.contacted' AND v.contacted THEN '{}'
            ELSE json_build_object('contacted', v.contacted) END AS body
FROM read.timeline t
JOIN read.accounts a ON a.organization_id = t.organization_id AND a.id = t.subject_id
JOIN read.accounts_versions v
    ON v.organization_id = t.organization_id AND v.id = t.subject_id AND v.since_position = t.number
WHERE t.record_id = t.subject_id
    AND (t.event = 'account.contacted'
        OR t.event = 'account.created' AND v.contacted IS DISTINCT FROM a.contacted)
