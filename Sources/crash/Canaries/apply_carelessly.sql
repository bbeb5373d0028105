-- Canary: the rows of all events behind the checkpoints, in a transaction of their own. What has no checkpoint yet
-- begins at the first event.
WITH news AS (
    SELECT e.*
    FROM log.event e
    LEFT JOIN read.progress p ON p.projection = 'crash_tally' AND p.organization_id = e.organization_id
    WHERE e.position > coalesce(p.position, 0)
), written AS (
    INSERT INTO read.crash_tally AS t (organization_id, id, events, version, position, created_at, updated_at)
    SELECT organization_id, stream_id, count(*), max(version), max(position), min(occurred_at), max(occurred_at)
    FROM news
    WHERE type IN ('account.created', 'account.edited', 'contact.created')
    GROUP BY organization_id, stream_id
    ON CONFLICT (organization_id, id) DO UPDATE
    SET events = t.events + excluded.events, position = excluded.position, version = excluded.version
)
SELECT organization_id, max(position) FROM news GROUP BY organization_id
