import HTTPTypes

extension Dialect {
    /// TrailTrack CRM: `/api/v1/trailtrack`. What it calls a lead is a deal.
    static let trailtrack = Dialect(
        name: "TrailTrack CRM", prefix: "/api/v1/trailtrack",
        vocabularies: [
            "account": Vocabulary(
                ["street", "city", "state", "postal_code", "country"].map { Term($0, "billing_address", $0) }
                    + [Term("notes", "description")]),
            "contact": Vocabulary([
                Term("account_id", "affiliations", shown: "primary_account_id"),
                Term("account_name", "primary_account_name", as: .shown),
                Term("email", "emails", shown: "primary_email"), Term("notes", "description"),
            ]),
            "deal": Vocabulary([
                Term("stage", "stage_id", shown: "stage_name", filter: "stage_id", as: .stage(.name)),
                Term("value_cents", "amount", as: .money(.minor, currency: "currency")),
                Term("expected_close_date", "expected_close"),
                Term("status", "status", as: .words(["won": "closed_won", "lost": "closed_lost"])),
            ]),
            "interaction": Vocabulary([
                Term("type", "kind", as: .words(["message": "sms"])), Term("subject", "title"), Term("body", "text"),
                Term("occurred_at", "occurred_at"), Term("occurred_at", "happened_at", shown: "occurred_at"),
                Term("lead_id", "subject", filter: "subject_id", as: .about("deal")),
                Term("account_id", "subject", filter: "subject_id", as: .about("account")),
                Term("contact_id", "subject", filter: "contact_id", as: .about("contact", beside: "contact_id")),
                linked,
            ]),
            "task": Vocabulary([
                linked, Term("owner_id", "assignee_id"), Term("owner_name", "assignee_name", as: .shown),
                Term(
                    "status", "status",
                    as: .words(["pending": "open", "completed": "done", "cancelled": "canceled"])),
                Term("due_before", as: .dueBefore),
            ]),
            "attachment": Vocabulary([
                linked, Term("mime_type", "media_type"), Term("size_bytes", "size"), Term("checksum", "sha256"),
            ]),
            "me": Vocabulary([Term("role", "role", as: .words(["owner": "admin", "member": "user"]))]),
        ],
        rows: [
            Row(.post, "/auth/register", "/auth/register"), Row(.post, "/auth/login", "/auth/login"),
            Row(.post, "/auth/refresh", "/auth/refresh"), Row(.get, "/me", "/me", "me"),
        ]
            + Row.records("/accounts", "/accounts", "account", .list, .create, .read, .change, .archive)
            + Row.records("/contacts", "/contacts", "contact", .list, .create, .read, .change, .archive)
            + Row.records("/leads", "/deals", "deal", .list, .create, .read, .change, .archive)
            + Row.records("/activities", "/interactions", "interaction", .list, .create, .read, .change, .archive)
            + Row.records("/tasks", "/tasks", "task", .list, .create, .read, .change, .archive)
            + [
                Row(.post, "/attachments/upload", as: .post, "/attachments", "attachment"),
                Row(.get, "/attachments/{id}/download", "/attachments/{id}/download"),
                Row(.delete, "/attachments/{id}", "/attachments/{id}"),
            ],
        gaps: [])

    private static let linked = Term(
        "linked_type", "subject", filter: "subject_entity",
        as: .record(id: "linked_id", ids: "subject_id", ["deal": "lead"]))
}
