-- The guard against gaps (002_event) without settings of its own: setting them and taking them back was nearly half of
-- what it costs a lone append. The one table it looks at is named in full, and who may insert may make no operators.
-- The appender's session allows it no plan that reads a whole table; whoever else inserts gets the same answer, by the
-- plan that the size of the log suggests.
CREATE OR REPLACE FUNCTION log.refuse_gap() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT organization_id, min(position) AS first, max(position) AS last, count(*) AS rows
            FROM added GROUP BY organization_id
        ) a
        WHERE a.last - a.first + 1 <> a.rows
           OR a.first > 1 AND (
                SELECT e.position FROM log.event e
                WHERE e.organization_id = a.organization_id AND e.position < a.first
                ORDER BY e.position DESC LIMIT 1) IS DISTINCT FROM a.first - 1
    ) THEN
        RAISE 'a gap in the positions of log.event' USING ERRCODE = 'check_violation', CONSTRAINT = 'event_gapless';
    END IF;
    RETURN NULL;
END $$;
