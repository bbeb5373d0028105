SELECT organization_id, person_id, erased_at FROM vault.person_key WHERE erased_at IS NOT NULL
ORDER BY erased_at, organization_id, person_id
