import Application
import Kernel

/// One record of each entity, and what a body must hold at the least.
struct Records: Sendable {
    let tenant: Tenant
    /// By entity.
    let ids: [String: String]
    let stages: [(id: String, kind: String)]

    init(_ tenant: Tenant) async throws {
        self.tenant = tenant
        var ids = ["member": tenant.founding.owner.text, "organization": tenant.organization.text]
        ids["team"] = try await tenant.make("teams", ["name": "North", "region": "EMEA"])
        ids["account"] = try await tenant.make(
            "accounts", ["name": "Pumps Ltd", "slug": "pumps", "industry": "machines"])
        ids["contact"] = try await tenant.make(
            "contacts",
            ["last_name": "Lee", "email": "lee@example.com", "account_id": .string(ids["account"] ?? "")])
        ids["lead"] = try await tenant.make("leads", ["last_name": "Ray", "email": "ray@example.com"])
        ids["product"] = try await tenant.make("products", ["name": "Pump", "code": "P-1"])
        ids["pipeline"] = try await tenant.make("pipelines", Records.pipeline)
        let made = try await tenant.post(
            "/deals", ["title": "Ten pumps", "amount": ["minor": 105400, "currency": "USD"]])
        ids["deal"] = made.json["id"]?.string
        ids["interaction"] = try await tenant.make(
            "interactions",
            ["kind": "note", "title": "Met", "subject": ["entity": "account", "id": .string(ids["account"] ?? "")]])
        ids["tag"] = try await tenant.make("tags", ["name": "VIP"])
        ids["campaign"] = try await tenant.make("campaigns", ["name": "Spring", "kind": "email"])
        ids["campaign_member"] = try await tenant.make(
            "campaign_members",
            [
                "campaign_id": .string(ids["campaign"] ?? ""),
                "person": ["entity": "contact", "id": .string(ids["contact"] ?? "")],
            ])
        ids["project"] = try await tenant.make("projects", ["name": "Rollout"])
        ids["rate"] = try await tenant.make("rates", ["currency": "EUR", "day": "2026-01-31", "rate": 1])
        let subject: JSON = ["entity": "account", "id": .string(ids["account"] ?? "")]
        ids["task"] = try await tenant.make("tasks", ["title": "Call", "subject": subject])
        ids["note"] = try await tenant.make("notes", ["text": "Met", "subject": subject])
        let attached = try await tenant.attach(Array("Pumps".utf8), as: "a.txt", to: "account:\(ids["account"] ?? "")")
        ids["attachment"] = attached.json["id"]?.string
        ids["import"] = try await tenant.make("imports", Records.opening)
        self.ids = ids
        let deal = try await tenant.get("/deals/\(ids["deal"] ?? "")", min: made["daybook-position"])
        let pipeline = try await tenant.get("/pipelines/\(deal.json["pipeline_id"]?.string ?? "")")
        stages = Records.stages(of: pipeline.json)
    }

    /// The stages in a pipeline's document, in order.
    static func stages(of pipeline: JSON) -> [(id: String, kind: String)] {
        let stages = pipeline["stages"]
        if let list = stages?.array {
            return list.map { ($0["id"]?.string ?? "", $0["kind"]?.string ?? "") }
        }
        return (stages?.object ?? [:]).sorted {
            ($0.value["position"]?.integer ?? 0) < ($1.value["position"]?.integer ?? 0)
        }
        .map { ($0.key, $0.value["kind"]?.string ?? "") }
    }

    static let pipeline: JSON = [
        "name": "Renewals",
        "stages": [
            ["name": "First", "kind": "open"], ["name": "Second", "kind": "open"], ["name": "Won", "kind": "won"],
            ["name": "Lost", "kind": "lost"],
        ],
    ]

    /// Opens an import of products.
    static let opening: JSON = [
        "header": ["product", "series"],
        "mapping": """
        mapping: test-products
        source: test
        records:
          - entity: product
            key: product
            fields:
              name: product
              series: series
        """,
    ]

    /// The least a new record of an entity needs.
    func least(of entity: String) -> JSON {
        if entity == "interaction" {
            return ["kind": "note", "subject": ["entity": "account", "id": .string(ids["account"] ?? "")]]
        }
        if entity == "campaign_member" {
            return [
                "campaign_id": .string(ids["campaign"] ?? ""),
                "person": ["entity": "contact", "id": .string(ids["contact"] ?? "")],
            ]
        }
        if entity == "note" {
            return ["text": "Met", "subject": ["entity": "account", "id": .string(ids["account"] ?? "")]]
        }
        return Records.least[entity] ?? [:]
    }
    private static let least: [String: JSON] = [
        "member": ["name": "Ann"], "team": ["name": "South"], "account": ["name": "Valves Ltd"],
        "contact": ["last_name": "Ray"], "product": ["name": "Valve"], "pipeline": Records.pipeline,
        "deal": ["title": "A valve"], "tag": ["name": "North"], "campaign": ["name": "Autumn", "kind": "other"],
        "project": ["name": "Training"],
        "rate": ["currency": "GBP", "day": "2026-01-31", "rate": 2],
        "task": ["title": "Call"],
    ]
}
