SELECT k.organization_id, k.public_key, k.wrapped
FROM unnest($1::uuid[], $2::bytea[]) u (organization, public_key)
JOIN vault.signing_key k ON k.organization_id = u.organization AND k.public_key = u.public_key
