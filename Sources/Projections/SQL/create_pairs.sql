CREATE TABLE {pairs} (
    organization_id uuid NOT NULL,
    entity text NOT NULL,
    newer uuid NOT NULL,
    older uuid NOT NULL,
    newer_at bigint NOT NULL,
    older_at bigint NOT NULL,
    key text NOT NULL,
    text text COLLATE read.people NOT NULL,
    likeness real
) WITH (fillfactor = 80)
