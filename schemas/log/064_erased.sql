-- Who was erased, in the order of erasure: each start asks for all of them (all_erased.sql), and they are few where
-- keys are millions. SHARE on vault.person_key while it is built, about a second for a million keys.
CREATE INDEX person_key_erased ON vault.person_key (erased_at, organization_id, person_id) WHERE erased_at IS NOT NULL;
