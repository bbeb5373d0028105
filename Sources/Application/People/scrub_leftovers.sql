-- Tables that a rebuild has not built to their end: of one that is at work, or that was broken off. One that is built
-- and waits to be swapped is fed, and whoever is erased is erased there, too.
SELECT DISTINCT regexp_replace(c.relname, '__(new|part)(_[a-z]+)?$', '')
FROM pg_class c
WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname ~ '__(new|part)(_[a-z]+)?$'
    AND NOT EXISTS (
        SELECT FROM read.projection p
        WHERE p.name = regexp_replace(c.relname, '__(new|part)(_[a-z]+)?$', '') || '__new' AND p.state <> 'building'
    )
