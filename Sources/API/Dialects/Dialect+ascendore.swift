import HTTPTypes

extension Dialect {
    /// AscendoreCRM: `/api/v1/a-crm`.
    static let ascendore = Dialect(
        name: "AscendoreCRM", prefix: "/api/v1/a-crm",
        vocabularies: [
            "account": Vocabulary([
                Term("company_size", "size"), Term("company_status", "lifecycle"),
                Term("annual_revenue", "annual_revenue", as: .money(.decimal, currency: "annual_revenue_currency")),
                deletion,
            ]),
            "contact": Vocabulary([
                Term("company_id", "affiliations", shown: "primary_account_id"),
                Term("company_name", "primary_account_name", as: .shown),
                Term("email", "emails", shown: "primary_email"), Term("contact_status", "status"), deletion,
            ]),
            "affiliation": Vocabulary([
                Term("id", "contact_id"), Term("affiliation_id", "id"), Term("name", "contact_name"),
                Term("title", "contact_title"), Term("contact_status", "contact_status"),
                Term("email", "contact_email"), Term("phone", "contact_phone"), Term("company_id", "account_id"),
                Term("company_name", "account_name"),
            ]),
            "deal": Vocabulary([
                Term("name", "title"), Term("amount", "amount", as: .money(.decimal, currency: "currency")),
                Term("stage", "stage_id", shown: "stage_name", filter: "stage_id", as: .stage(.snake)),
                Term("company_id", "account_id"), Term("company_name", "account_name", as: .shown),
                Term("expected_close_date", "expected_close"), Term("actual_close_date", "actual_close"),
                Term("deal_source", "source"), deletion,
            ]),
            "campaign": Vocabulary([
                Term("campaign_type", "kind"),
                Term(
                    "status", "status",
                    as: .acts(
                        from: "planning",
                        [
                            Term.Change(to: "active", from: "planning", act: "start"),
                            Term.Change(to: "active", from: "paused", act: "resume"),
                            Term.Change(to: "paused", act: "pause"), Term.Change(to: "completed", act: "complete"),
                            Term.Change(to: "cancelled", act: "cancel"),
                        ])),
                Term("start_date", "starts_on"), Term("end_date", "ends_on"),
                Term("budget", "budget", as: .money(.decimal, currency: "currency")),
                Term("actual_cost", "cost", as: .money(.decimal, currency: "cost_currency")),
                Term("target_audience", "audience"), deletion,
            ]),
            "enrolment": Vocabulary([Term("contact_ids", "people", as: .contacts)]),
            "campaign_member": Vocabulary([
                Term("contact_id", "person", filter: "person_id", as: .about("contact")),
                Term(
                    "person_type", "person", filter: "person_entity",
                    as: .record(id: "person_id", ids: "person_id", [:])), deletion,
            ]),
            "metrics": Vocabulary([
                Term("impressions", "opened", as: .shown), Term("clicks", "clicked", as: .shown),
                Term("conversions", "won_deals", as: .shown),
            ]),
            "project": Vocabulary([
                Term("company_id", "account_id"), Term("company_name", "account_name", as: .shown),
                Term(
                    "project_status", "status",
                    as: .acts(
                        from: "planning",
                        ["planning", "in_progress", "on_hold", "completed", "cancelled"].map {
                            Term.Change(to: $0, act: "change_status", member: "status")
                        })),
                Term("start_date", "starts_on"), Term("due_date", "due_on"), Term("completion_date", "completed_on"),
                Term("project_manager_id", "manager_id"), deletion,
            ]),
            "task": Vocabulary([
                related, Term("task_type", "type"), Term("due_date", "due_at"), Term("assigned_to_id", "assignee_id"),
                Term("created_by_id", "creator_id"), deletion,
            ]),
            "note": Vocabulary([
                Term("content", "text"), related, Term("created_by_id", "author_id"), Term("is_pinned", "pinned"),
                deletion,
            ]),
            "timeline": Vocabulary([
                Term("activity_type", "event", as: .event(["edited": "updated", "archived": "deleted"])),
                Term("entity_type", "record", as: .record(id: "entity_id", ids: nil, ["account": "company"])),
                Term("user_id", "actor_id", as: .shown), Term("metadata", "details", as: .shown),
                Term("created_at", "occurred_at", as: .shown),
            ]),
        ],
        rows: Row.records("/companies", "/accounts", "account", .list, .create, .read, .replace, .archive) + [
            Row(.get, "/companies/{id}/contacts", "/accounts/{id}/contacts", "affiliation"),
            Row(.get, "/companies/{id}/deals", "/accounts/{id}/deals", "deal"),
            Row(.get, "/companies/{id}/projects", "/accounts/{id}/projects", "project"),
            Row(.get, "/companies/{id}/activities", "/accounts/{id}/timeline", "timeline"),
            Row(.get, "/companies/{id}/notes", "/accounts/{id}/notes", "note"),
        ] + Row.records("/contacts", "/contacts", "contact", .list, .create, .read, .replace, .archive) + [
            Row(.get, "/contacts/{id}/deals", "/contacts/{id}/deals", "deal"),
            Row(.get, "/contacts/{id}/activities", "/contacts/{id}/timeline", "timeline"),
            Row(.get, "/contacts/{id}/notes", "/contacts/{id}/notes", "note"),
        ] + Row.records("/deals", "/deals", "deal", .list, .create, .read, .replace, .archive) + [
            Row(
                method: .put, path: "/deals/{id}/stage",
                targets: [
                    Target(
                        method: .patch, path: "/deals/{id}", vocabulary: "deal",
                        only: ["stage", "lost_reason", "lost_to", "actual_close_date"])
                ]),
            Row(.get, "/deals/{id}/activities", "/deals/{id}/timeline", "timeline"),
            Row(.get, "/deals/{id}/notes", "/deals/{id}/notes", "note"),
            Row(.get, "/deals/pipeline", "/deals/pipeline"),
        ] + Row.records("/campaigns", "/campaigns", "campaign", .list, .create, .read, .replace, .archive) + [
            Row(.post, "/campaigns/{id}/contacts", "/campaigns/{id}/enroll", "enrolment"),
            Row(.get, "/campaigns/{id}/contacts", "/campaigns/{id}/members", "campaign_member"),
            Row(.get, "/campaigns/{id}/metrics", "/campaigns/{id}/metrics", "metrics"),
        ] + Row.records("/projects", "/projects", "project", .list, .create, .read, .replace, .archive) + [
            Row(.get, "/projects/{id}/tasks", "/projects/{id}/tasks", "task"),
            Row(.get, "/projects/{id}/activities", "/projects/{id}/timeline", "timeline"),
        ] + Row.records("/tasks", "/tasks", "task", .list, .create, .read, .replace, .archive) + [
            Row(.put, "/tasks/{id}/complete", as: .post, "/tasks/{id}/complete", "task"),
            Row(.get, "/tasks/my-tasks", "/tasks/my-tasks", "task"),
            Row(.get, "/activities", "/timeline", "timeline"),
        ] + Row.records("/notes", "/notes", "note", .create, .read, .replace, .archive),
        gaps: [])

    private static let deletion = Term("deleted_at", "archived_at", as: .shown)
    private static let related = Term(
        "related_to_type", "subject", filter: "subject_entity",
        as: .record(id: "related_to_id", ids: "subject_id", ["account": "company"]))
}
