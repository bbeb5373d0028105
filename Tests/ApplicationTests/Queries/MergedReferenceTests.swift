import CRM
import EventLog
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// Whatever names a record that was merged is read as if it named the one that stands for it, and afterwards again as
/// before.
@Suite struct MergedReferenceTests {
    // MARK: What names records that can be merged?

    /// A place of an entity's records in which one that can be merged is named: `deal.account_id`.
    private static func places(of entity: any Entity.Type) -> [String] {
        (entity.fields + entity.derived).filter { names($0.kind) }.map { "\(entity.name).\($0.name)" }
    }
    private static func names(_ kind: Field.Kind) -> Bool {
        func isMergeable(_ keys: Field.Keys) -> Bool {
            switch keys {
            case .name, .id: false
            case .reference(let name): mergeables.contains(name)
            case .record(let names): !mergeables.isDisjoint(with: names)
            }
        }
        return switch kind {
        case .reference(let name): mergeables.contains(name)
        case .record(let all): !mergeables.isDisjoint(with: all)
        case .object(let fields): fields.contains { names($0.kind) }
        case .map(let kind, let keys): isMergeable(keys) || names(kind)
        case .entries(let fields, let keys, _): isMergeable(keys) || fields.contains { names($0.kind) }
        case .list(let kind, _): names(kind)
        case .custom: true
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .email, .phone, .link,
            .slug, .currency, .zone, .id, .anything, .value:
            false
        }
    }

    /// A record that names a loser, in this place of its document; whether a list is chosen by it, and how.
    private struct Naming {
        let entity: String
        let id: UUID
        let member: String
        let loser: String
        var parameter: String?
    }

    @Test func `every reference that there is leads to the record that stands for the one it names`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let pairs = try await Pairs(house)
            let naming = try await named(pairs, house)
            let expected = Set(entities.filter { $0 != FieldSet.self && $0 != Organization.self }.flatMap(Self.places))
            // A new reference needs a line below, and its place in the views.
            #expect(Set(naming.keys).symmetricDifference(expected) == [])
            let before = try await documents(naming, house)
            for name in ["account", "contact", "lead"] { try await pairs.merge(name, house) }

            for (place, one) in naming {
                let (loser, winner) = (pairs.losers[one.loser]!, pairs.winners[one.loser]!)
                let shown = try await document(one, house)
                #expect("\(shown[one.member] ?? .null)".contains(winner.text), "\(place): \(shown)")
                let all = String(decoding: shown.bytes, as: UTF8.self)
                #expect(!all.contains(loser.text), "\(place): \(all)")
                guard let parameter = one.parameter else { continue }
                for asked in [winner, loser] {
                    for text in ["\(parameter)=\(asked.text)", "filter=\(parameter).eq.\(asked.text)"] {
                        let found = try await house.list(one.entity, text).ids
                        #expect(found.contains(one.id.text), "\(place): \(text)")
                    }
                    let others = try await house.list(one.entity, "\(parameter).ne=\(asked.text)").ids
                    #expect(!others.contains(one.id.text), "\(place): \(parameter).ne")
                }
            }
            for name in ["account", "contact", "lead"] {
                let (loser, winner) = (pairs.losers[name]!, pairs.winners[name]!)
                _ = try await house.ask(name, .id(winner), "unmerge", ["loser": .string(loser.text)])
            }
            let after = try await documents(naming, house)
            for (place, shown) in after { #expect(shown == before[place], "\(place)") }
        }
    }

    /// A record for each place.
    private func named(_ pairs: Pairs, _ house: TestHouse) async throws -> [String: Naming] {
        let account = JSON.string(pairs.losers["account"]!.text)
        let contact = JSON.string(pairs.losers["contact"]!.text)
        let lead = JSON.string(pairs.losers["lead"]!.text)
        let about: JSON = ["entity": "contact", "id": contact]
        var all: [String: Naming] = [:]
        func make(_ entity: String, _ member: String, _ loser: String, _ by: String?, _ body: JSON) async throws {
            let id = try await house.ask(entity, .new, "create", body).results[0].id
            all["\(entity).\(member)"] = Naming(entity: entity, id: id, member: member, loser: loser, parameter: by)
        }
        try await make("account", "parent_id", "account", "parent_id", ["name": "Branch", "parent_id": account])
        try await make("contact", "affiliations", "account", nil, ["last_name": "A", "affiliations": [account]])
        try await make(
            "contact", "primary_account_id", "account", "account_id", ["last_name": "B", "affiliations": [account]])
        try await make("deal", "account_id", "account", "account_id", ["title": "A", "account_id": account])
        try await make(
            "deal", "primary_contact_id", "contact", "primary_contact_id",
            ["title": "B", "primary_contact_id": contact])
        let call: JSON = ["kind": "call", "subject": about]
        try await make("interaction", "subject", "contact", "subject_id", call)
        try await make(
            "interaction", "contact_id", "contact", "contact_id",
            ["kind": "call", "subject": about, "contact_id": contact])
        try await make(
            "interaction", "participants", "lead", nil,
            ["kind": "call", "subject": about, "participants": .object([lead.string!: ["entity": "lead"]])])
        try await make("task", "subject", "contact", "subject_id", ["title": "T", "subject": about])
        try await make("note", "subject", "contact", "subject_id", ["text": "N", "subject": about])
        let file: JSON = [
            "filename": "a.txt", "subject": about, "person": about, "media_type": "text/plain", "size": 1,
            "sha256": "00", "scan": "none",
        ]
        try await make("attachment", "subject", "contact", "subject_id", file)
        try await make("attachment", "person", "contact", "person_id", file)
        try await make("project", "account_id", "account", "account_id", ["name": "P", "account_id": account])
        let campaign = try await house.ask("campaign", .new, "plan", ["name": "C", "kind": "email"]).results[0].id
        try await make(
            "campaign_member", "person", "contact", "person_id",
            ["campaign_id": .string(campaign.text), "person": about])

        // What a decision makes of others.
        let first = try await house.ask("account", .new, "create", ["name": "First"]).results[0].id
        _ = try await house.ask(
            "contact", .id(pairs.losers["contact"]!), "affiliate", ["account_id": .string(first.text)])
        _ = try await house.ask("account", .id(first), "set_primary_contact", ["contact_id": contact])
        all["account.primary_contact_id"] = Naming(
            entity: "account", id: first, member: "primary_contact_id", loser: "contact",
            parameter: "primary_contact_id")
        for (member, loser, body) in [
            ("account_id", "account", ["account_id": account]), ("contact_id", "contact", ["contact_id": contact]),
        ] as [(String, String, JSON)] {
            let id = try await house.ask("lead", .new, "capture", ["last_name": "L"]).results[0].id
            _ = try await house.ask("lead", .id(id), "convert", body)
            all["lead.\(member)"] = Naming(entity: "lead", id: id, member: member, loser: loser, parameter: member)
        }

        // Fields of the organization's own.
        let bodies: [String: JSON] = [
            "account": ["name": "X"], "contact": ["last_name": "X"], "lead": ["last_name": "X"],
            "deal": ["title": "X"], "interaction": ["kind": "call", "subject": about], "task": ["title": "X"],
            "note": ["text": "X", "subject": about], "project": ["name": "X"], "product": ["name": "X"],
            "campaign": ["name": "X", "kind": "email"], "tag": ["name": "X"], "team": ["name": "X"],
            "member": ["name": "X"], "pipeline": ["name": "X", "template": "trailtrack"],
            "attachment": file,
        ]
        for entity in entities
        where entity != Organization.self && entity.fields.contains(where: { $0.kind == .custom }) {
            _ = try await house.ask(
                "field_set", .id(FieldSet.id(of: entity.name)), "define",
                [
                    "entity": .string(entity.name), "key": "partner", "label": "P", "type": "reference",
                    "target": "account",
                ])
            let body = bodies[entity.name]?.object ?? [:]
            let custom: JSON = .object(body.merging(["custom": ["partner": account]]) { $1 })
            try await make(entity.name, "custom", "account", "custom.partner", custom)
        }
        return all
    }

    private func document(_ one: Naming, _ house: TestHouse) async throws -> JSON {
        try await house.daybook.queries.record(one.entity, one.id, by: house.owner, min: try await house.head()).json
    }
    private func documents(_ naming: [String: Naming], _ house: TestHouse) async throws -> [String: JSON] {
        var all: [String: JSON] = [:]
        for (place, one) in naming { all[place] = try await document(one, house) }
        return all
    }
}
