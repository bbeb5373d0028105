import FoundationEssentials
import Kernel

/// What a client asks as one unit, under one Idempotency-Key.
struct Errand: Sendable, Hashable {
    /// One command of the unit. Its token stands in clear in the event that comes of it, and nowhere else.
    struct Order: Sendable, Hashable {
        let entity: String
        /// Nil: a new record.
        let id: UUID?
        let act: String
        let body: JSON
        let token: String
    }

    let key: String
    let household: Household
    let orders: [Order]

    /// As the journal keeps it and a worker reads it.
    var json: JSON {
        [
            "key": .string(key), "organization": .string(household.organization.text),
            "actor": .string(household.owner.text), "token": .string(household.token),
            "orders": .array(
                orders.map { order in
                    [
                        "entity": .string(order.entity), "id": order.id.map { .string($0.text) } ?? .null,
                        "act": .string(order.act), "body": order.body, "token": .string(order.token),
                    ]
                }),
        ]
    }

    init(key: String, household: Household, orders: [Order]) {
        (self.key, self.household, self.orders) = (key, household, orders)
    }

    init?(_ json: JSON) {
        guard let key = json["key"]?.string, let organization = json["organization"]?.id, let owner = json["actor"]?.id
        else { return nil }
        self.key = key
        household = Household(organization: organization, owner: owner, token: json["token"]?.string ?? "", shared: [])
        orders = (json["orders"]?.array ?? []).compactMap { item in
            guard let entity = item["entity"]?.string, let act = item["act"]?.string, let body = item["body"],
                let token = item["token"]?.string
            else { return nil }
            return Order(entity: entity, id: item["id"]?.id, act: act, body: body, token: token)
        }
    }

    static func == (one: Errand, other: Errand) -> Bool { one.key == other.key }
    func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

/// An organization of the template, with those of its records that all clients change.
struct Household: Sendable {
    let organization: UUID
    let owner: UUID
    /// With which its owner speaks HTTP.
    let token: String
    let shared: [UUID]
}

extension JSON {
    var id: UUID? { string.flatMap { UUID(text: $0) } }
}
