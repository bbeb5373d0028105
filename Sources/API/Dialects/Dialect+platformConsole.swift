import HTTPTypes

extension Dialect {
    /// The CRM of the Platform Console: `/admin`.
    static let platformConsole = Dialect(
        name: "Platform Console", prefix: "/admin", parameters: ["size": "page_size", "search": "q"],
        vocabularies: [
            "account": Vocabulary([
                Term("status", "lifecycle"), Term("assigned_to", "owner_id"), Term("assigned_to_name", "owner_name"),
            ]),
            "contact": Vocabulary([
                Term("customer_id", "affiliations", shown: "primary_account_id"),
                Term("customer_name", "primary_account_name", as: .shown),
                Term("email", "emails", shown: "primary_email"), Term("assigned_to", "owner_id"),
                Term("assigned_to_name", "owner_name", as: .shown),
            ]),
            "affiliation": Vocabulary([
                Term("id", "contact_id"), Term("affiliation_id", "id"), Term("name", "contact_name"),
                Term("title", "contact_title"), Term("status", "contact_status"), Term("email", "contact_email"),
                Term("phone", "contact_phone"), Term("is_primary", "primary_contact"),
                Term("customer_id", "account_id"), Term("customer_name", "account_name"),
            ]),
            "deal": Vocabulary([
                Term("stage", "stage_id", shown: "stage_name", filter: "stage_id", as: .stage(.name)),
                Term("customer_id", "account_id"), Term("customer_name", "account_name", as: .shown),
                Term("assigned_to", "owner_id"), Term("assigned_to_name", "owner_name", as: .shown),
                Term("expected_close_date", "expected_close"), Term("actual_close_date", "actual_close"),
            ]),
            "interaction": Vocabulary(
                [
                    Term("type", "kind"),
                    Term(
                        "status", "status",
                        as: .acts(
                            from: "completed",
                            [
                                Term.Change(to: "completed", act: "complete"),
                                Term.Change(to: "cancelled", act: "cancel"),
                            ])),
                    Term("due_at", "scheduled_at"), Term("assigned_to", "owner_id"),
                    Term("assigned_to_name", "owner_name", as: .shown), Term("notes", "text"),
                ]
                    + about(
                        contact: Term(
                            "contact_id", "subject", filter: "contact_id",
                            as: .about("contact", beside: "contact_id")))),
            "task": Vocabulary(
                [
                    Term("type", "entity", as: .always("task")), Term("task_type", "type"),
                    Term("status", "status", as: .words(["pending": "scheduled"])), Term("assigned_to", "assignee_id"),
                    Term("assigned_to_name", "assignee_name", as: .shown), Term("notes", "description"),
                ]
                    + about(contact: Term("contact_id", "subject", filter: "subject_id", as: .about("contact")))),
            "me": Vocabulary([Term("role", "role", as: .words(["owner": "admin", "member": "agent"]))]),
            "counts": Vocabulary([Term("by_status", "by_lifecycle")]),
        ],
        rows: [
            Row(.post, "/auth/login", "/auth/login"), Row(.post, "/auth/logout", "/auth/logout"),
            Row(.get, "/me", "/me", "me"),
        ] + Row.records("/customers", "/accounts", "account", .list, .create, .replace, .change, .archive) + [
            Row(
                method: .get, path: "/customers/{id}",
                targets: [
                    Target(
                        method: .get, path: "/accounts/{id}/detail", vocabulary: "account", profile: "account",
                        parts: [
                            Part(ours: "contacts", theirs: "contacts", vocabulary: "affiliation"),
                            Part(ours: "open_deals", theirs: "open_deals", vocabulary: "deal"),
                            Part(ours: "tasks", theirs: "upcoming_tasks", vocabulary: "task"),
                            Part(ours: "scheduled", theirs: "upcoming_activities", vocabulary: "interaction"),
                            Part(ours: "children", theirs: "children", vocabulary: "account"),
                            Part(ours: "timeline", theirs: "recent_activity", vocabulary: "timeline"),
                        ])
                ]),
            Row(.get, "/customers/{id}/contacts", "/accounts/{id}/contacts", "affiliation"),
            Row(
                method: .post, path: "/customers/{id}/contacts",
                targets: [
                    Target(method: .post, path: "/contacts", vocabulary: "contact", told: ["affiliations": "id"])
                ]),
        ] + Row.records("/contacts", "/contacts", "contact", .replace, .archive)
            + Row.records("/deals", "/deals", "deal", .list, .create, .read, .replace, .change, .archive)
            + [
                Row(
                    method: .get, path: "/activities",
                    targets: [
                        Target(method: .get, path: "/tasks", vocabulary: "task", condition: ("type", ["task"])),
                        Target(method: .get, path: "/interactions", vocabulary: "interaction"),
                    ]),
                Row(
                    method: .post, path: "/activities",
                    targets: [
                        Target(method: .post, path: "/tasks", vocabulary: "task", condition: ("type", ["task"])),
                        Target(
                            method: .post, path: "/interactions/schedule", vocabulary: "interaction",
                            condition: ("status", ["scheduled"])),
                        Target(method: .post, path: "/interactions", vocabulary: "interaction"),
                    ]),
                activity(.get), activity(.put), activity(.patch), activity(.delete),
                Row(.get, "/me/activities", "/tasks/my-tasks", "task"),
            ] + Row.records("/tags", "/tags", "tag", .list, .create, .replace, .archive) + [
                Row(
                    method: .get, path: "/reports/overview",
                    targets: [
                        Target(
                            method: .get, path: "/reports/overview", vocabulary: "overview",
                            parts: [Part(ours: "accounts", theirs: "customers", vocabulary: "counts")])
                    ])
            ],
        gaps: [])

    /// An activity may be about any of these, and about other records by kind and id.
    private static func about(contact: Term) -> [Term] {
        [
            Term("deal_id", "subject", filter: "subject_id", as: .about("deal")),
            Term("customer_id", "subject", filter: "subject_id", as: .about("account")),
            contact,
            Term(
                "related_to_type", "subject", filter: "subject_entity",
                as: .record(id: "related_to_id", ids: "subject_id", ["account": "customer"])),
        ]
    }

    /// A task or an interaction, whichever has the id.
    private static func activity(_ method: HTTPRequest.Method) -> Row {
        Row(
            method: method, path: "/activities/{id}",
            targets: [
                Target(method: method, path: "/tasks/{id}", vocabulary: "task"),
                Target(method: method, path: "/interactions/{id}", vocabulary: "interaction"),
            ])
    }
}
