import Kernel

/// A record as a source would send it, and what it is in our words.
struct Sample: Sendable {
    let dialect: String
    /// Below the prefix: `/companies`.
    let path: String
    let body: JSON
    /// Members of our own document.
    let ours: JSON
    /// A member whose value is wrong, and the place that must be named.
    let wrong: (member: String, value: JSON, pointer: String)

    init(
        _ dialect: String, _ path: String, _ body: JSON, ours: JSON, wrong: (String, JSON, String)
    ) {
        (self.dialect, self.path, self.body, self.ours, self.wrong) = (dialect, path, body, ours, wrong)
    }

    /// Those of all dialects.
    /// - Parameter ids: records that are there, by entity.
    static func all(_ ids: [String: String]) -> [Sample] {
        func id(_ entity: String) -> JSON { .string(ids[entity] ?? "") }
        return platformConsole(id) + ascendore(id) + trailtrack(id)
    }

    private static func platformConsole(_ id: (String) -> JSON) -> [Sample] {
        let name = "Platform Console"
        return [
            Sample(
                name, "/customers",
                [
                    "name": "Console Ltd", "status": "prospect", "assigned_to": id("member"), "contacted": true,
                    "next_follow_up_at": "2027-01-04T09:00:00.000000Z", "email": "office@console.example",
                ],
                ours: ["lifecycle": "prospect", "owner_id": id("member"), "contacted": true],
                wrong: ("status", "sleeping", "/status")),
            Sample(
                name, "/deals",
                [
                    "title": "Console deal", "stage": "Proposal", "customer_id": id("account"),
                    "assigned_to": id("member"), "amount": ["minor": 500, "currency": "EUR"], "probability": 35,
                    "expected_close_date": "2027-03-31",
                ],
                ours: ["stage_name": "Proposal", "account_id": id("account"), "expected_close": "2027-03-31"],
                wrong: ("customer_id", "nobody", "/customer_id")),
            Sample(
                name, "/activities",
                [
                    "type": "task", "title": "Call back", "customer_id": id("account"), "assigned_to": id("member"),
                    "due_at": "2027-01-05T10:00:00.000000Z", "status": "scheduled", "task_type": "call",
                    "notes": "At ten",
                ],
                ours: [
                    "status": "pending", "type": "call", "description": "At ten",
                    "subject": ["entity": "account", "id": id("account")],
                ],
                wrong: ("status", "asleep", "/status")),
            Sample(
                name, "/activities",
                [
                    "type": "meeting", "title": "Kick-off", "deal_id": id("deal"),
                    "due_at": "2027-01-06T10:00:00.000000Z",
                    "status": "scheduled", "notes": "Bring the plan",
                ],
                ours: [
                    "kind": "meeting", "status": "scheduled", "text": "Bring the plan",
                    "subject": ["entity": "deal", "id": id("deal")],
                ],
                wrong: ("type", "dance", "/type")),
            Sample(
                name, "/activities", ["type": "call", "title": "Rang", "contact_id": id("contact")],
                ours: [
                    "kind": "call", "status": "completed", "subject": ["entity": "contact", "id": id("contact")],
                ],
                wrong: ("assigned_to", 5, "/assigned_to")),
            Sample(name, "/tags", ["name": "Console"], ours: ["name": "Console"], wrong: ("name", 5, "/name")),
        ]
    }

    private static func ascendore(_ id: (String) -> JSON) -> [Sample] {
        let name = "AscendoreCRM"
        return [
            Sample(
                name, "/companies",
                [
                    "name": "Ascendore Ltd", "slug": "ascendore-ltd", "industry": "machines", "company_size": "medium",
                    "website": "https://ascendore.example", "annual_revenue": .number(1_250_000.5),
                    "annual_revenue_currency": "EUR", "employee_count": 40, "company_status": "customer",
                    "billing_address": ["city": "Oslo"], "owner_id": id("member"),
                ],
                ours: [
                    "size": "medium", "lifecycle": "customer",
                    "annual_revenue": ["minor": 125_000_050, "currency": "EUR"],
                ],
                wrong: ("company_size", "huge", "/company_size")),
            Sample(
                name, "/contacts",
                [
                    "first_name": "Ada", "last_name": "Lovelace", "email": "ada@ascendore.example",
                    "company_id": id("account"), "mobile": "+442079460018", "title": "Analyst",
                    "department": "Research", "contact_status": "active", "lead_source": "fair", "lead_score": 70,
                    "social_profiles": ["linkedin": "https://example.com/ada"],
                ],
                ours: [
                    "primary_email": "ada@ascendore.example", "primary_account_id": id("account"), "status": "active",
                ],
                wrong: ("contact_status", "asleep", "/contact_status")),
            Sample(
                name, "/deals",
                [
                    "name": "Ten pumps", "company_id": id("account"), "primary_contact_id": id("contact"),
                    "amount": .number(1054.25), "currency": "USD", "pipeline_id": id("ascendore"),
                    "stage": "qualification",
                    "probability": 30, "expected_close_date": "2027-05-01", "deal_source": "fair",
                ],
                ours: [
                    "title": "Ten pumps", "amount": ["minor": 105_425, "currency": "USD"], "source": "fair",
                    "stage_name": "Qualification",
                ],
                wrong: ("amount", .number(1.005), "/amount")),
            Sample(
                name, "/campaigns",
                [
                    "name": "Autumn", "campaign_type": "webinar", "status": "planning", "start_date": "2027-02-01",
                    "end_date": "2027-03-01", "budget": 4000, "currency": "USD", "goals": ["clicked": 3],
                    "target_audience": ["entity": "contact", "filter": "status=active"],
                ],
                ours: ["kind": "webinar", "starts_on": "2027-02-01", "budget": ["minor": 400_000, "currency": "USD"]],
                wrong: ("campaign_type", "radio", "/campaign_type")),
            Sample(
                name, "/projects",
                [
                    "name": "Rollout", "company_id": id("account"), "deal_id": id("deal"),
                    "project_status": "planning", "priority": "urgent", "start_date": "2027-02-01",
                    "due_date": "2027-06-01", "estimated_hours": .number(12.5), "project_manager_id": id("member"),
                ],
                ours: ["account_id": id("account"), "due_on": "2027-06-01", "manager_id": id("member")],
                wrong: ("due_date", "soon", "/due_date")),
            Sample(
                name, "/tasks",
                [
                    "title": "Send offer", "related_to_type": "company", "related_to_id": id("account"),
                    "task_type": "email", "status": "in_progress", "priority": "high",
                    "due_date": "2027-01-05T10:00:00.000000Z", "assigned_to_id": id("member"),
                ],
                ours: [
                    "type": "email", "due_at": "2027-01-05T10:00:00.000000Z", "assignee_id": id("member"),
                    "subject": ["entity": "account", "id": id("account")],
                ],
                wrong: ("related_to_id", "nobody", "/related_to_id")),
            Sample(
                name, "/notes",
                [
                    "content": "Pays by the tenth", "related_to_type": "company", "related_to_id": id("account"),
                    "is_pinned": true,
                ],
                ours: ["text": "Pays by the tenth", "pinned": true],
                wrong: ("content", 5, "/content")),
        ]
    }

    private static func trailtrack(_ id: (String) -> JSON) -> [Sample] {
        let name = "TrailTrack CRM"
        return [
            Sample(
                name, "/accounts",
                [
                    "name": "Trail Ltd", "website": "https://trail.example", "industry": "tools", "size": "small",
                    "phone": "+442079460018", "email": "office@trail.example", "street": "1 High Street",
                    "city": "Leeds", "state": "Yorkshire", "postal_code": "LS1 1AA", "country": "GB",
                    "notes": "Old friends", "owner_id": id("member"),
                ],
                ours: [
                    "description": "Old friends",
                    "billing_address": [
                        "street": "1 High Street", "city": "Leeds", "state": "Yorkshire", "postal_code": "LS1 1AA",
                        "country": "GB",
                    ],
                ],
                wrong: ("city", 5, "/city")),
            Sample(
                name, "/contacts",
                [
                    "account_id": id("account"), "first_name": "Grace", "last_name": "Hopper", "title": "Admiral",
                    "email": "grace@trail.example", "phone": "+442079460019", "notes": "Calls at nine",
                ],
                ours: ["primary_email": "grace@trail.example", "description": "Calls at nine"],
                wrong: ("email", "grace", "/email")),
            Sample(
                name, "/leads",
                [
                    "title": "Valves", "account_id": id("account"), "primary_contact_id": id("contact"),
                    "pipeline_id": id("trailtrack"), "stage": "Qualified", "value_cents": 42_000, "currency": "EUR",
                    "probability": 20, "expected_close_date": "2027-04-01", "source": "web", "owner_id": id("member"),
                ],
                ours: [
                    "amount": ["minor": 42_000, "currency": "EUR"], "stage_name": "Qualified",
                    "expected_close": "2027-04-01",
                ],
                wrong: ("value_cents", "12", "/value_cents")),
            Sample(
                name, "/activities",
                [
                    "lead_id": id("deal"), "contact_id": id("contact"), "type": "sms", "subject": "Hello",
                    "body": "On my way", "occurred_at": "2026-02-03T10:00:00.000000Z", "duration_minutes": 5,
                    "owner_id": id("member"),
                ],
                ours: [
                    "kind": "message", "title": "Hello", "text": "On my way", "contact_id": id("contact"),
                    "subject": ["entity": "deal", "id": id("deal")],
                ],
                wrong: ("body", 5, "/body")),
            Sample(
                name, "/tasks",
                [
                    "linked_type": "lead", "linked_id": id("deal"), "title": "Ring",
                    "due_at": "2027-01-05T10:00:00.000000Z",
                    "priority": "low", "status": "open", "owner_id": id("member"),
                ],
                ours: [
                    "status": "pending", "assignee_id": id("member"),
                    "subject": ["entity": "deal", "id": id("deal")],
                ],
                wrong: ("linked_type", "moon", "/linked_type")),
        ]
    }
}
