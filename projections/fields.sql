-- One row per field that an organization defined for itself and has not retired. The id of a field set is a UUIDv8 of
-- `fields:` and the entity's name: its version and variant bits lie in the colon and in the upper bits of a letter.
-- There is room for nine letters; of longer names the rest stands here.
CREATE VIEW read.fields WITH (security_invoker = true) AS
SELECT f.organization_id,
       CASE n.entity WHEN 'interacti' THEN 'interaction' WHEN 'attachmen' THEN 'attachment' ELSE n.entity END AS entity,
       d.key AS key,
       d.value ->> 'label' AS label,
       d.value ->> 'type' AS type,
       d.value -> 'choices' AS choices,
       coalesce((d.value ->> 'required')::boolean, false) AS required,
       d.value ->> 'entity' AS target,
       d.value -> 'default' AS "default",
       coalesce((d.value ->> 'personal')::boolean, false) AS personal
FROM read.field_sets f
CROSS JOIN LATERAL (SELECT uuid_send(f.id) AS bytes) i
CROSS JOIN LATERAL (
    SELECT convert_from(
        btrim(substr(set_byte(i.bytes, 8, get_byte(i.bytes, 8) & 63 | 64), 8), '\x00'), 'UTF8') AS entity) n
CROSS JOIN LATERAL jsonb_each(f.fields) d
