SELECT wrapped FROM vault.signing_key WHERE organization_id = $1 AND public_key = $2
