-- Advisory locks of the transaction, in the order given. The heads are read by a later statement: read in this one,
-- they would be those of before the wait (FACTS-append §6.2).
SELECT pg_advisory_xact_lock(uuid_hash_extended(u.organization, 0)) FROM unnest($1::uuid[]) u (organization)
