-- The fields that the organization defined for an entity, as their definitions say.
SELECT f.key, json_build_object('label', f.label, 'type', f.type, 'choices', f.choices, 'entity', f.target,
    'personal', nullif(f.personal, false))
FROM read.fields f
WHERE f.organization_id = $1 AND f.entity = $2
