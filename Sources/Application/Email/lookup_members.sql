-- Of us: the members of the ids $2.
SELECT row_to_json(d)
FROM (
    SELECT m.id, m.name, m.email, m.role, m.title, m.phone, m.team_id, m.team_name
    FROM read.member_documents m
    WHERE m.organization_id = $1 AND m.id = ANY($2::uuid[]) AND m.archived_at IS NULL
    ORDER BY m.name, m.id
) d
