-- Whether there is no other organization's log than this one's: two looks at the primary key.
SELECT NOT EXISTS (SELECT FROM log.event WHERE organization_id < $1)
    AND NOT EXISTS (SELECT FROM log.event WHERE organization_id > $1)
