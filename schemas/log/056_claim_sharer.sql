-- Several streams may hold one value, where the organization lets them: who found it free holds it alone, as before,
-- and whoever came after holds it beside. Who holds it alone has nobody's id here, so that two of those cannot be; who
-- holds it beside others has its own. Locks the table until its key is built again.
ALTER TABLE log.claim
    ADD COLUMN sharer uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD CHECK (sharer IN ('00000000-0000-0000-0000-000000000000', stream_id)),
    DROP CONSTRAINT claim_pkey,
    ADD PRIMARY KEY (organization_id, scope, digest, sharer);
