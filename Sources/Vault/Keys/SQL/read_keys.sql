SELECT organization_id, claim_key, import_key FROM vault.organization_key WHERE organization_id = $1
