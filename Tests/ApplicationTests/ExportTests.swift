import CRM
import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// Whole lists leave as files, and the files come in again.
@Suite(.serialized) struct ExportTests {
    private static func text(_ house: TestHouse, _ entity: String, _ parameters: [(String, String)] = []) async throws
        -> String
    {
        let export = try await house.daybook.queries.export(
            entity, parameters.map { Parameter($0.0, $0.1) }, by: house.owner, min: try await house.head())
        var bytes: [UInt8] = []
        try await export.write { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Out and in again

    /// Fields of each type, for contacts; texts that a spreadsheet would reckon with.
    private static func tell(_ house: TestHouse) async throws {
        func make(_ entity: String, _ act: String, _ body: JSON, at: String? = nil) async throws -> UUID {
            try await house.ask(entity, .new, act, body, at: at).results[0].id
        }
        let more: [String: [String: JSON]] = [
            "choice": ["choices": ["A; B", "C"]], "choices": ["choices": ["Tea", "Coffee", "One; two", "=1+1"]],
            "reference": ["target": "account"],
        ]
        for (entity, types) in [
            ("contact", FieldSet.Definition.Kind.allCases), ("account", [.money, .choices]), ("deal", [.number, .day]),
        ] {
            for type in types {
                let field: [String: JSON] = [
                    "entity": .string(entity), "key": .string("a_\(type)"), "label": .string("A: \"\(type)\""),
                    "type": .string(type.rawValue),
                ]
                _ = try await house.ask(
                    "field_set", .id(FieldSet.id(of: entity)), "define",
                    .object(field.merging(more[type.rawValue] ?? [:]) { $1 }))
            }
        }
        let root = try await make(
            "account", "create",
            [
                "name": "=Acme, \"Inc\"", "lifecycle": "customer", "size": "small", "website": "acme.example",
                "phone": "+442079460018", "annual_revenue": ["minor": 1_234_567, "currency": "JOD"],
                "employee_count": 12, "billing_address": ["street": "1 High St\n2nd floor", "city": "Leeds"],
                "description": "- one\n- two; 'three'", "contacted": true,
                "custom": ["a_money": ["minor": -5, "currency": "EUR"], "a_choices": ["=1+1", "Tea"]],
            ], at: "2016-01-05T10:00:00Z")
        let leaf = try await make(
            "account", "create", ["name": "'@'s-Hertogenbosch", "parent_id": .string(root.text), "slug": "den-bosch"])
        let ada = try await make(
            "contact", "create",
            [
                "first_name": "Ada", "last_name": "'Love", "phone": "+15551234567", "lead_score": 70,
                "emails": [["address": "ada@example.com", "label": "work"], ["address": "a@home.example"]],
                "social_profiles": ["web": "ada.example"], "account_id": .string(leaf.text),
                "custom": [
                    "a_text": "+1; 'x'", "a_number": .number(-0.000_012_5),
                    "a_money": ["minor": 12_345, "currency": "JPY"],
                    "a_day": "1990-05-01", "a_instant": "2026-01-05T10:00:00.25Z", "a_choice": "A; B",
                    "a_choices": ["One; two", "Coffee"], "a_link": "https://a.example/?a=1,2",
                    "a_reference": .string(root.text), "a_checkbox": false,
                ],
            ])
        _ = try await make("contact", "create", ["last_name": "Plain", "custom": ["a_choices": ["=1+1", "Tea"]]])
        let deals: [JSON] = [
            [
                "title": "-10% on pumps", "amount": ["minor": 105_400, "currency": "USD"],
                "account_id": .string(leaf.text),
                "primary_contact_id": .string(ada.text), "competitors": ["Rival; Co", "Other"], "probability": 40,
                "expected_close": "2026-03-31", "custom": ["a_number": .number(0.1 + 0.2), "a_day": "2026-02-28"],
            ], ["title": "Won one", "amount": ["minor": 7, "currency": "EUR"]], ["title": "Lost one"],
        ]
        var ids: [UUID] = []
        for deal in deals { ids.append(try await make("deal", "open", deal, at: "2016-02-01T09:00:00Z")) }
        _ = try await house.ask(
            "deal", .id(ids[1]), "win", ["actual_close": "2016-03-01"], at: "2016-03-01T12:00:00Z")
        _ = try await house.ask(
            "deal", .id(ids[2]), "lose",
            ["lost_reason": "=too dear", "lost_to": "Rival", "actual_close": "2016-04-01"],
            at: "2016-04-02T12:00:00Z")
    }

    /// What of a record is its own, whichever organization it is in; ids are told by `mean`.
    private static let compared: [String: [String]] = [
        "account": [
            "name", "slug", "lifecycle", "industry", "size", "website", "email", "phone", "billing_address",
            "shipping_address", "annual_revenue", "employee_count", "parent_id", "contacted", "description", "custom",
            "created_at",
        ],
        "contact": [
            "name", "first_name", "last_name", "status", "phone", "lead_score", "website", "social_profiles",
            "preferences", "emails", "primary_email", "primary_account_id", "mode", "contacted", "custom", "created_at",
        ],
        "deal": [
            "title", "status", "amount", "probability", "account_id", "primary_contact_id", "expected_close",
            "actual_close", "source", "lost_reason", "lost_to", "competitors", "forecast", "next_step", "description",
            "custom", "opened_at", "closed_at",
        ],
    ]

    @Test(.timeLimit(.minutes(2)))
    func `what was exported is imported into another organization, and its fields are equal`() async throws {
        let (from, into) = (try await TestHouse(projecting: .init()), try await TestHouse(projecting: .init()))
        try await from.projecting {
            try await Self.tell(from)
            var files: [(entity: String, csv: String, mapping: String)] = []
            for entity in ["account", "contact", "deal"] {
                files.append(
                    (
                        entity, try await Self.text(from, entity),
                        try await Self.text(from, entity, [("format", "mapping")])
                    ))
            }
            let home = try await ImportHouse(importing: into)
            try await into.projecting {
                for file in files {
                    let summary = try await home.run(file.csv, file.mapping)
                    #expect(summary.rejected == 0, "\(file.entity): \((try? home.rejected()) ?? [])")
                    #expect(summary.accepted == file.csv.matches(of: /(?m)^[0-9a-f]{8}-/).count)
                    let again = try await home.run(file.csv, file.mapping)
                    #expect(again.events == 0, "\(file.entity), again: \(again)")
                }
                for file in files { try await Self.compare(file.entity, from, home) }
            }
            // Where it came from it is known by its ids: nothing is new.
            let here = try await ImportHouse(importing: from)
            for file in files {
                let summary = try await here.run(file.csv, file.mapping)
                #expect(summary.events == 0 && summary.rejected == 0, "\(file.entity): \(summary)")
            }
            let renamed = files[2].csv.replacing("Won one", with: "Won two")
            #expect(try await here.run(renamed, files[2].mapping).events == 1)
        }
    }

    private static func compare(_ entity: String, _ from: TestHouse, _ home: ImportHouse) async throws {
        let fields = (["id"] + (compared[entity] ?? [])).joined(separator: ",")
        func lines(_ house: TestHouse) async throws -> [JSON] {
            try await text(house, entity, [("format", "jsonl"), ("fields", fields)])
                .split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
        }
        var expected: [JSON] = []
        for line in try await lines(from) { expected.append(try await mean(line, home)) }
        let found = try await lines(home.house)
        #expect(found.count == expected.count)
        for line in expected {
            let twin = found.first { $0["id"] == line["id"] }
            for (name, value) in line.object ?? [:] { #expect(twin?[name] == value, "\(entity).\(name)") }
        }
    }
    /// The ids of one organization as those that an import gave in the other.
    private static func mean(_ value: JSON, _ home: ImportHouse, entity: String = "") async throws -> JSON {
        guard let members = value.object else { return value }
        var meant = members
        let targets = [
            "id": "", "parent_id": "account", "primary_account_id": "account", "account_id": "account",
            "primary_contact_id": "contact", "a_reference": "account",
        ]
        for (name, member) in members {
            if name == "custom" { meant[name] = try await mean(member, home) }
            guard let target = targets[name], let id = member.string else { continue }
            let entity =
                target.isEmpty
                ? (members["title"] != nil ? "deal" : members["lead_score"] != nil ? "contact" : "account") : target
            meant[name] = .string(try await home.id(entity, id, source: "daybook").text)
        }
        return .object(meant)
    }

    @Test func `there is a mapping for all that rows can make, and each can be read`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            for facts in EntityFacts.all.values where facts.name != "field_set" {
                let csv = try await Self.text(house, facts.name)
                let header = csv.prefix { $0 != "\n" }.split(separator: ",").map(String.init)
                let mapping = try await Self.text(house, facts.name, [("format", "mapping")])
                do { _ = try Mapping.read(mapping, header: header, settings: MappingTests.settings) } catch {
                    Issue.record("\(facts.name): \(error)\n\(mapping)")
                }
            }
            await #expect(throws: Problem.self) { try await Self.text(house, "deal", [("format", "closing")]) }
            #expect(try await Self.text(house, "campaign", [("format", "closing")]).contains("made: elsewhere"))
            // What refers on is told at the end, whoever defined it.
            for (entity, member) in [("team", "manager_id"), ("account", "primary_contact_id")] {
                #expect(try await Self.text(house, entity, [("format", "closing")]).contains(member))
            }
            let field: JSON = [
                "entity": "contact", "key": "deal", "label": "Deal", "type": "reference", "target": "deal",
            ]
            _ = try await house.ask("field_set", .id(FieldSet.id(of: "contact")), "define", field)
            #expect(try await Self.text(house, "contact", [("format", "closing")]).contains("custom.deal"))
        }
    }

    // MARK: All of it, as a list has it

    @Test func `all rows are told once, page by page, whatever else is written meanwhile`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let units = (0..<1203).map { [Ask("account", .new, "create", ["name": .string("N\($0)")])] }
            for result in await house.daybook.commands.executeEach(units, by: house.owner) { _ = try result.get() }
            let export = try await house.daybook.queries.export(
                "account", [.init("format", "jsonl"), .init("name.starts_with", "n"), .init("sort", "name")],
                by: house.owner, min: try await house.head())
            var (lines, pieces) = ([String](), 0)
            try await export.write { bytes in
                pieces += 1
                lines += String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
                _ = try await house.ask("account", .new, "create", ["name": .string("M\(pieces)")])
            }
            #expect(pieces == 3)
            let names = try lines.compactMap { try JSON(parsing: Array($0.utf8))["name"]?.string }
            #expect(names.count == 1203 && Set(names).count == 1203)
            let page = try await house.daybook.queries.list(
                "account", [.init("name.starts_with", "n"), .init("sort", "name"), .init("limit", "1")],
                by: house.owner
            ).json
            #expect(try JSON(parsing: Array((lines.first ?? "").utf8)) == page.items.first)
        }
    }

    @Test func `the list's own parameters choose what is exported, and others are refused`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let gone = try await house.ask("account", .new, "create", ["name": "Gone"]).results[0].id
            _ = try await house.ask("account", .new, "create", ["name": "Here", "lifecycle": "customer"])
            _ = try await house.ask("account", .id(gone), "archive", [:])
            func names(_ parameters: (String, String)...) async throws -> String {
                try await Self.text(house, "account", parameters + [("fields", "name"), ("sort", "name")])
            }
            #expect(try await names() == "name\nHere\n")
            #expect(try await names(("archived", "any")) == "name\nGone\nHere\n")
            #expect(try await names(("filter", "not(lifecycle.eq.customer)"), ("archived", "any")) == "name\nGone\n")
            #expect(try await names(("q", "her")) == "name\nHere\n")
            for (name, value) in [("limit", "5"), ("page", "2"), ("total", "exact"), ("format", "xls"), ("sort", "x")] {
                await #expect(throws: Problem.self, "\(name)") {
                    try await house.daybook.queries.export("account", [.init(name, value)], by: house.owner)
                }
            }
        }
    }

    @Test func `what is included has its columns as it has them in a list of its own`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let account = try await house.ask(
                "account", .new, "create",
                [
                    "name": "Acme", "annual_revenue": ["minor": 120_050, "currency": "USD"],
                    "billing_address": ["city": "Leeds"],
                ]
            ).results[0].id
            _ = try await house.ask("deal", .new, "open", ["title": "Pumps", "account_id": .string(account.text)])
            let names = ["title", "account.name", "account.annual_revenue", "account.billing_address"]
            let sheet = try await Self.text(
                house, "deal", [("include", "account"), ("fields", names.joined(separator: ","))])
            let lines = sheet.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            let told = Dictionary(uniqueKeysWithValues: zip(lines[0].map(String.init), lines[1].map(String.init)))
            #expect(told["title"] == "Pumps" && told["account.name"] == "Acme", "\(sheet)")
            #expect(told["account.annual_revenue"] == "1200.50", "\(sheet)")
            #expect(told["account.annual_revenue.currency"] == "USD", "\(sheet)")
            #expect(told["account.billing_address.city"] == "Leeds", "\(sheet)")
        }
    }

    // MARK: Cells

    @Test func `no cell of a sheet is a formula, and each comes back as it was`() {
        for text in ["=1+1", "+44 20", "-3", "@me", "'=x", "''+", "'s-Hertogenbosch", "plain", "", "'", "\t=x", "1-1"] {
            let guarded = CSV.guarded(text)
            #expect(guarded.utf8.first.map { !"=+-@\t\r".utf8.contains($0) } ?? true, "\(text)")
            #expect(CSV.unguarded(guarded) == text)
        }
        #expect(FileRow(line: 2, ["'=x ", "'s", "'"]).cells == ["=x", "'s", "'"])
    }

    private static let written: [(JSON, String)] = [
        (.number(-0.000_012_5), "-0.0000125"), (.number(1e-7), "0.0000001"), (.number(1.5), "1.5"), (7, "7"),
        (.number(1e16), "10000000000000000"), (.number(-1.25e20), "-125000000000000000000"),
        (true, "true"), (.null, ""), (["a": 1], "{\"a\":1}"), (.array([]), ""), ("-x", "'-x"),
    ]
    @Test(arguments: written)
    func `a value is written as files have it`(value: JSON, text: String) {
        #expect(Sheet.Column(name: "a", path: ["a"]).cell(of: ["a": value]) == text)
    }
}
