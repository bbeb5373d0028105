CREATE TABLE {values} (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    element int NOT NULL,
    text text COLLATE read.people,
    number float8
) WITH (fillfactor = 80)
