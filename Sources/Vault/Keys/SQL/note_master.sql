-- Who comes second finds the first one's.
INSERT INTO vault.master_key (wrapped) VALUES ($1) ON CONFLICT (singleton) DO NOTHING
