-- Who comes second keeps the first one's keys: they may be in use.
INSERT INTO vault.organization_key (organization_id, claim_key, import_key) VALUES ($1, $2, $3)
ON CONFLICT (organization_id) DO NOTHING
