SELECT count(*) FROM log.claim WHERE scope = 'contact.email' AND organization_id = $1
