INSERT INTO vault.signing_key (organization_id, public_key, wrapped) VALUES ($1, $2, $3)
