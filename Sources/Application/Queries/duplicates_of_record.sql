(SELECT e.newer, e.older, e.newer_at, e.older_at FROM read.person_keys_pairs e
 WHERE e.organization_id = $1 AND e.newer = $2
 UNION ALL
 SELECT e.newer, e.older, e.newer_at, e.older_at FROM read.person_keys_pairs e
 WHERE e.organization_id = $1 AND e.older = $2)
