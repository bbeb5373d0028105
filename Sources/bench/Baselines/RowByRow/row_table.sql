-- The same rows as ours, with the same key and no other index.
CREATE TABLE bench.deals (LIKE read.deals_alone, PRIMARY KEY (organization_id, id)) WITH (fillfactor = 80);
INSERT INTO bench.deals SELECT * FROM read.deals_alone;
CREATE TABLE bench.progress (position bigint NOT NULL);
INSERT INTO bench.progress VALUES (0);
