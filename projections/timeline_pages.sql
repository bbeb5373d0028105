-- What a record's page tells, newest first: its own timeline and, for an account, those of the deals and contacts that
-- belong to it now. An event stands once on a page, however many of its subjects belong there.
CREATE VIEW read.timeline_pages WITH (security_invoker = true) AS
SELECT DISTINCT ON (e.organization_id, e.page_id, e.number)
       e.organization_id,
       e.page_id,
       e.id,
       e.number,
       e.created_at AS occurred_at
FROM (
    SELECT t.organization_id, t.subject_id AS page_id, t.id, t.number, t.created_at, 0 AS distance
    FROM read.timeline t
    UNION ALL
    SELECT d.organization_id, d.account_id, t.id, t.number, t.created_at, 1
    FROM read.deals d
    JOIN read.timeline t ON t.organization_id = d.organization_id AND t.subject_id = d.id
    UNION ALL
    SELECT c.organization_id, c.primary_account_id, t.id, t.number, t.created_at, 1
    FROM read.contacts c
    JOIN read.timeline t ON t.organization_id = c.organization_id AND t.subject_id = c.id
) e
ORDER BY e.organization_id, e.page_id, e.number, e.distance, e.id
