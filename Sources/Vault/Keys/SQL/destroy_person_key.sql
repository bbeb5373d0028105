-- The row stays as a tombstone: the key is never born again.
UPDATE vault.person_key SET wrapped = NULL, erased_at = now()
WHERE organization_id = $1 AND person_id = $2 AND wrapped IS NOT NULL
