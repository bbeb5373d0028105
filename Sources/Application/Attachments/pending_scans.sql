-- Attachments that wait for the scanner, the oldest first, besides those that were put aside. The totals tell at once
-- where there are any.
SELECT a.organization_id, a.id
FROM read.attachments a
WHERE a.scan = 'pending' AND NOT a.removed
    AND a.organization_id IN (SELECT t.organization_id FROM read.attachments_totals t WHERE t.scan = 'pending')
    AND a.id <> ALL ($1)
ORDER BY a.created_at
LIMIT 200
