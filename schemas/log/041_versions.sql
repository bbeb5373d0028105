-- A projection has up to three tables at once: the one that serves, under its name; NAME__new, which is built or waits
-- to be swapped; NAME__old, which served before and can serve again. Each has a record, progress and held streams under
-- its own name, and is fed like any other once it is built.
ALTER TABLE read.projection
    DROP CONSTRAINT projection_state_check,
    -- building: the log has not been read to its end for it yet, and nobody feeds it.
    ADD CONSTRAINT projection_state_check CHECK (state IN ('live', 'stopped', 'dropped', 'building')),
    -- Of NAME__old: it was taken back. Its file does not bring it into service again by itself.
    ADD COLUMN rolled_back boolean NOT NULL DEFAULT false;

-- What a rebuild says of itself, for whoever asks in whatever process. A row whose rebuild has ended well is gone.
CREATE TABLE read.rebuild (
    projection text PRIMARY KEY,
    phase text NOT NULL,
    events bigint NOT NULL,
    total bigint NOT NULL,
    per_second float8 NOT NULL,
    seconds_left float8,
    -- The sessions that the swap waits for, without what they ask.
    waits_for json NOT NULL DEFAULT '[]',
    -- Why it ended; its work is kept, and the next rebuild goes on from there.
    failure text,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
