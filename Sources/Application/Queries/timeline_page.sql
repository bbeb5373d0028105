-- A page of what happened, newest first, and one entry more: of the record itself, which is any of $2; for an account,
-- of what belongs to it now; of the leads that the record was; of a deal's projects; of a person's places in
-- campaigns, and of what was scheduled with a contact. Behind ($4, $5) where a page goes on. Each of these tells its
-- own newest by its index, and only those are sorted: never all there is. An event stands once on a page, however many
-- of its subjects belong there; the one nearest to the record shows it.
SELECT row_to_json(d), p.created_at, p.number
FROM (
    SELECT DISTINCT ON (e.created_at, e.number) e.id, e.created_at, e.number
    FROM (
        SELECT k.id, 0 AS distance FROM unnest($2::uuid[]) k (id)
        UNION ALL
        SELECT r.record_id, 1 FROM read.account_records r WHERE r.organization_id = $1 AND r.account_id = ANY($2)
        UNION ALL
        -- A lead with those that were merged into it.
        SELECT w.id, 1
        FROM (
            SELECT l.id FROM read.leads l WHERE l.organization_id = $1 AND l.contact_id = ANY($2)
            UNION ALL
            SELECT l.id FROM read.leads l WHERE l.organization_id = $1 AND l.deal_id = ANY($2)
        ) l
        CROSS JOIN LATERAL (
            SELECT l.id
            UNION ALL
            SELECT m.id FROM read.merges m WHERE m.organization_id = $1 AND m.into_id = l.id
        ) w
        UNION ALL
        SELECT p.id, 1 FROM read.projects p WHERE p.organization_id = $1 AND p.deal_id = ANY($2)
        UNION ALL
        SELECT m.id, 1 FROM read.campaign_members m WHERE m.organization_id = $1 AND m.person_id = ANY($2)
        UNION ALL
        -- That a meeting was put off or cancelled names what it is about, not with whom it was to be.
        SELECT i.id, 1 FROM read.interactions i
        WHERE i.organization_id = $1 AND i.contact_id = ANY($2) AND i.scheduled_at IS NOT NULL
    ) s
    CROSS JOIN LATERAL (
        SELECT t.id, t.created_at, t.number
        FROM read.timeline t
        WHERE t.organization_id = $1 AND t.subject_id = s.id
            AND ($4::timestamptz IS NULL OR (t.created_at, t.number) < ($4, $5))
        ORDER BY t.created_at DESC, t.number DESC
        LIMIT $3
    ) e
    ORDER BY e.created_at DESC, e.number DESC, s.distance, e.id
    LIMIT $3
) p
CROSS JOIN LATERAL (
    SELECT t.id, t.position, t.occurred_at, t.event, t.record, t.record_name, t.actor_id, t.actor_name, t.details
    FROM read.timeline_documents t WHERE t.organization_id = $1 AND t.id = p.id
) d
ORDER BY p.created_at DESC, p.number DESC
