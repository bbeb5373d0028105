-- One row per field that an organization defined for itself and has not retired.
SELECT f.organization_id,
       f.id AS field_set_id,
       d.value ->> 'entity' AS entity,
       d.key AS key,
       d.value ->> 'label' AS label,
       d.value ->> 'type' AS type,
       d.value -> 'choices' AS choices,
       coalesce((d.value ->> 'required')::boolean, false) AS required,
       d.value ->> 'reference' AS reference
FROM read.field_sets f
CROSS JOIN LATERAL jsonb_each(f.fields) d
