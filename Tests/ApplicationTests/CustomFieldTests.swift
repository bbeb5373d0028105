import CRM
import EventLog
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing

@testable import Application

/// Fields of an organization's own, from their definition to lists, histories and erasures.
@Suite(.serialized) struct CustomFieldTests {
    /// A house whose read tables are fed, with one field of each type for contacts.
    private struct Home {
        let house: TestHouse
        var queries: Queries { house.daybook.queries }

        static let types: [(key: String, type: String, more: [String: JSON])] = [
            ("nick", "text", [:]), ("score", "number", [:]), ("fee", "money", [:]), ("born", "day", [:]),
            ("seen", "instant", [:]), ("grade", "choice", ["choices": ["A", "B", "C"], "default": "B"]),
            ("likes", "choices", ["choices": ["Tea", "Coffee", "Water"]]), ("site", "link", [:]),
            ("mentor", "reference", ["target": "member"]), ("vip", "checkbox", ["personal": true]),
        ]

        init() async throws {
            house = try await TestHouse(projecting: .init(), registering: true)
            for field in Home.types { try await define(field.key, field.type, field.more) }
        }
        func define(_ key: String, _ type: String, _ more: [String: JSON] = [:]) async throws {
            let body: [String: JSON] = [
                "entity": "contact", "key": .string(key), "label": .string(key), "type": .string(type),
            ]
            _ = try await field("define", body.merging(more) { $1 })
        }
        @discardableResult func field(_ act: String, _ body: [String: JSON]) async throws -> Answer {
            try await house.ask(
                "field_set", .id(FieldSet.id(of: "contact")), act,
                .object(body.merging(["entity": "contact"]) { given, _ in given }))
        }
        func contact(_ name: String, _ custom: JSON?) async throws -> UUID {
            var body: [String: JSON] = ["last_name": .string(name)]
            body["custom"] = custom
            return try #require(try await house.ask("contact", .new, "create", .object(body)).results.first?.id)
        }
        /// The names found, in their order.
        func names(_ parameters: [(String, String)]) async throws -> [String] {
            let all = parameters.map { Parameter($0.0, $0.1) }
            let reply = try await queries.list("contact", all, by: house.owner, min: try await house.head())
            return try reply.json.items.compactMap { $0["last_name"]?.string }
        }
        func values() async throws -> [[String]] {
            let connection = PipelinedConnection(house.database.settings(role: "daybook_worker"), log: quiet)
            let rows = try await connection.query(
                Statement("SELECT id::text, key, element::text, text, number::text FROM read.contacts_values"))
            await connection.close()
            return try rows.map { row in try (0..<5).map { try row.text(orNil: $0) ?? "" } }
        }
    }

    private func tell(_ home: Home) async throws -> [UUID] {
        let owner = home.house.founding.owner.text
        let a: JSON = [
            "nick": "Zoë", "score": .number(1.5), "fee": ["minor": 500, "currency": "EUR"], "born": "1990-05-01",
            "seen": "2026-01-05T10:00:00Z", "grade": "a", "likes": ["Tea", "Water"], "site": "a.example.com/x",
            "mentor": .string(owner), "vip": true,
        ]
        let b: JSON = [
            "nick": "anna", "score": -3, "fee": ["minor": 1200, "currency": "USD"], "born": "1985-12-31",
            "seen": "2026-02-01", "grade": "C", "likes": ["Coffee"], "vip": false,
        ]
        var b2 = b.object ?? [:]
        b2["seen"] = "2026-02-01T00:00:00Z"
        return [
            try await home.contact("One", a), try await home.contact("Two", .object(b2)),
            try await home.contact("Three", nil),
        ]
    }

    @Test func `a field of each type is kept, chosen by and sorted by`() async throws {
        let home = try await Home()
        try await home.house.projecting {
            _ = try await tell(home)
            let owner = home.house.founding.owner.text
            let cases: [(String, String, Set<String>)] = [
                ("custom.nick", "Zoë", ["One"]), ("custom.nick.contains", "NN", ["Two"]),
                ("custom.nick.starts_with", "z", ["One"]), ("custom.nick.null", "true", ["Three"]),
                ("custom.score.gte", "0", ["One"]), ("custom.score.between", "-3,1.5", ["One", "Two"]),
                ("custom.score.in", "1.5,7", ["One"]), ("custom.score.ne", "1.5", ["Two", "Three"]),
                ("custom.fee.gt", "500", ["Two"]), ("custom.fee.currency", "EUR", ["One"]),
                ("custom.born.lt", "1990-01-01", ["Two"]), ("custom.born.lte", "today", ["One", "Two"]),
                ("custom.born.in", "1990-05-01,1985-12-31", ["One", "Two"]),
                ("custom.seen.gt", "2026-01-05", ["Two"]), ("custom.seen", "2026-01-05", ["One"]),
                ("custom.seen.lte", "2026-01-05T10:00:00Z", ["One"]), ("custom.grade", "b", ["Three"]),
                ("custom.grade.in", "A,C", ["One", "Two"]), ("custom.likes", "Tea", ["One"]),
                ("custom.likes.in", "Coffee,Water", ["One", "Two"]), ("custom.likes.ne", "Tea", ["Two", "Three"]),
                ("custom.site", "https://a.example.com/x", ["One"]), ("custom.mentor", "me", ["One"]),
                ("custom.mentor", owner, ["One"]), ("custom.vip", "true", ["One"]),
                ("custom.vip.ne", "true", ["Two", "Three"]),
                ("filter", "or(custom.vip.eq.true,not(custom.grade.eq.B))", ["One", "Two"]),
                ("filter", "and(custom.likes.eq.Tea,custom.score.gt.1)", ["One"]),
            ]
            for (name, value, expected) in cases {
                #expect(Set(try await home.names([(name, value)])) == expected, "\(name)=\(value)")
            }
            let orders: [(String, [String])] = [
                ("custom.nick", ["Two", "One", "Three"]), ("-custom.nick", ["One", "Two", "Three"]),
                ("custom.score", ["Two", "One", "Three"]), ("-custom.fee", ["Two", "One", "Three"]),
                ("custom.born", ["Two", "One", "Three"]), ("-custom.seen", ["Two", "One", "Three"]),
                ("custom.grade", ["One", "Three", "Two"]), ("-custom.vip", ["One", "Two", "Three"]),
                ("-custom.mentor", ["One"]), ("last_name,custom.score", ["One", "Three", "Two"]),
                ("-custom.site,last_name", ["One", "Three", "Two"]),
            ]
            for (sort, expected) in orders {
                let found = try await home.names([("sort", sort)])
                #expect(Array(found.prefix(expected.count)) == expected, "\(sort): \(found)")
                #expect(Set(found).count == 3)
            }
            for sort in ["custom.likes", "custom.none", "custom.fee.currency.x"] {
                let problem = await code {
                    try await home.queries.list("contact", [.init("sort", sort)], by: home.house.owner)
                }
                #expect(problem == "parameter.invalid", "\(sort)")
            }
        }
    }

    /// The least with which a record of each kind begins.
    private static func least(_ entity: String, about account: UUID) -> [String: JSON]? {
        let subject: JSON = ["entity": "account", "id": .string(account.text)]
        let stages: JSON = .array(["open", "won", "lost"].map { ["name": .string($0), "kind": .string($0)] })
        return [
            "account": ["name": "A"], "product": ["name": "A"], "project": ["name": "A"],
            "campaign": ["name": "A", "kind": "event"], "team": ["name": "A"], "tag": ["name": "A"],
            "member": ["name": "A"], "contact": ["last_name": "A"],
            "lead": ["last_name": "A"], "deal": ["title": "A"], "task": ["title": "A"],
            "pipeline": ["name": "A", "stages": stages], "note": ["text": "A", "subject": subject],
            "interaction": ["kind": "call", "subject": subject],
            "attachment": [
                "filename": "a", "subject": subject, "media_type": "text/plain", "size": 1, "scan": "none",
            ],
        ][entity]
    }

    @Test func `records of every kind keep them, are chosen and sorted by them, and tell what became of them`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        let queries = house.daybook.queries
        try await house.projecting {
            let account = try await house.ask("account", .new, "create", ["name": "Acme"]).results[0].id
            for entity in FieldSet.customizable {
                _ = try await house.ask(
                    "field_set", .id(FieldSet.id(of: entity)), "define",
                    ["entity": .string(entity), "key": "mark", "label": "Mark", "type": "text"])
                // Rows make no files, but whoever has their bytes does.
                let facts = EntityFacts.all[entity]
                let (creation, edit) = (facts?.creation.act ?? "register", facts?.edit?.act ?? "edit")
                var body = try #require(Self.least(entity, about: account), "say with what a \(entity) begins")
                body["custom"] = ["mark": "first"]
                let id = try await house.ask(entity, .new, creation, .object(body)).results[0].id
                _ = try await house.ask(entity, .id(id), edit, ["custom": ["mark": "second"]])
                let head = try await house.head()
                let asked = [Parameter("custom.mark", "second"), .init("sort", "-custom.mark")]
                let found = try await queries.list(entity, asked, by: house.owner, min: head).json.items
                #expect(found.map { $0["id"] } == [.string(id.text)], "\(entity)")
                #expect(found.first?["custom"] == ["mark": "second"], "\(entity)")
                let history = try await queries.history(entity, id, [], by: house.owner).json.items
                #expect(
                    history.last?["changes"] == [["field": "custom.mark", "from": "first", "to": "second"]], "\(entity)"
                )
                let fields = try await queries.fields([.init("entity", entity)], by: house.owner, min: head).json.items
                #expect(fields.map { $0["key"] } == ["mark"], "\(entity)")
            }
            for one in try await house.daybook.models.verify() {
                #expect(one.equal, "\(one.projection): \(one.differences)")
            }
        }
    }

    @Test func `what comes with an act that is no edit leaves the other fields alone, defaults and required ones too`()
        async throws
    {
        let house = try await TestHouse()
        let owner = JSON.string(house.founding.owner.text)
        func define(_ key: String, _ more: [String: JSON]) async throws {
            let field: [String: JSON] = ["entity": "interaction", "key": .string(key), "label": .string(key)]
            _ = try await house.ask(
                "field_set", .id(FieldSet.id(of: "interaction")), "define", .object(field.merging(more) { $1 }))
        }
        try await define("grade", ["type": "choice", "choices": ["A", "B"], "default": "B"])
        try await define("code", ["type": "text", "required": true])
        try await define("mood", ["type": "text"])
        let planned: [String: JSON] = [
            "kind": "call", "subject": ["entity": "member", "id": owner], "scheduled_at": "2026-01-05T10:00:00Z",
        ]
        let problem = await house.problem("interaction", .new, "schedule", .object(planned))
        #expect(problem?.errors.map(\.pointer) == ["/custom/code"])
        let whole = planned.merging(["custom": ["grade": "A", "code": "7"]]) { $1 }
        let id = try await house.ask("interaction", .new, "schedule", .object(whole)).results[0].id
        _ = try await house.ask("interaction", .id(id), "complete", ["custom": ["mood": "good"]])
        _ = try await house.ask("interaction", .id(id), "correct", ["custom": ["mood": "very good"]])
        var known = WorkingSet(readAt: .max)
        try await house.daybook.commands.load([Reference(Interaction.self, id)], into: &known, house.organization)
        let state = try #require(known.streams[id]?.state as? Interaction.State)
        #expect(state.content?.fields["custom"] == ["grade": "A", "code": "7", "mood": "very good"])
    }

    @Test func `the task that follows a quick log has fields of the organization's own, where it must`() async throws {
        let house = try await TestHouse()
        _ = try await house.ask(
            "field_set", .id(FieldSet.id(of: "task")), "define",
            ["entity": "task", "key": "code", "label": "Code", "type": "text", "required": true])
        let owner = JSON.string(house.founding.owner.text)
        let body: [String: JSON] = [
            "kind": "call", "subject": ["entity": "member", "id": owner], "follow_up": ["custom": ["code": "7"]],
        ]
        var flaws: [Flaw] = []
        let normal = QuickLog.takes.normal(body, partial: false, flaws: &flaws)
        #expect(flaws == [])
        let logged = try await house.daybook.commands.quickLog(Body(normal), by: house.owner)
        let task = try #require(logged.results.last?.id)
        var known = WorkingSet(readAt: .max)
        try await house.daybook.commands.load([Reference(WorkTask.self, task)], into: &known, house.organization)
        #expect((known.streams[task]?.state as? WorkTask.State)?.content?["custom"] == ["code": "7"])
    }

    @Test func `values that do not fit are refused with their place, required ones are missed`() async throws {
        let home = try await Home()
        try await home.define("code", "text", ["required": true])
        func pointers(_ custom: JSON?) async -> Set<String> {
            var body: [String: JSON] = ["last_name": "X"]
            body["custom"] = custom
            return Set(
                (await home.house.problem("contact", .new, "create", .object(body)))?.errors.map(\.pointer) ?? [])
        }
        #expect(await pointers(nil) == ["/custom/code"])
        #expect(
            await pointers(["code": "1", "score": "x", "born": "soon", "grade": "Z", "none": 1]) == [
                "/custom/score", "/custom/born", "/custom/grade", "/custom/none",
            ])
        #expect(await pointers(["code": "1", "mentor": .string(UUID().text)]) == ["/custom/mentor"])
        #expect(await pointers(["code": "1"]) == [])
    }

    @Test func `a field is renamed and retired without loss, and its history stays`() async throws {
        let home = try await Home()
        try await home.house.projecting {
            let one = try await tell(home)[0]
            try await home.field("revise", ["key": "nick", "label": "Nickname"])
            _ = try await home.house.ask("contact", .id(one), "edit", ["custom": ["nick": "Zoe", "score": .null]])
            #expect(try await home.names([("custom.nick", "Zoe")]) == ["One"])
            #expect(try await home.names([("custom.score.null", "true")]).sorted() == ["One", "Three"])
            let history = try await home.queries.history("contact", one, [], by: home.house.owner).json
            let changes = history.items.flatMap { $0["changes"]?.array ?? [] }.compactMap { $0["field"]?.string }
            #expect(changes.contains("custom.nick") && changes.contains("custom.score"))
            try await home.field("retire", ["key": "nick"])
            let head = try await home.house.head()
            let gone = await code {
                try await home.queries.list("contact", [.init("custom.nick", "Zoe")], by: home.house.owner, min: head)
            }
            #expect(gone == "parameter.unknown")
            let record = try await home.queries.record(
                "contact", one, by: home.house.owner, min: try await home.house.head()
            ).json
            #expect(record["custom"]?["nick"] == "Zoe")
            try await home.define("nick", "text")
            #expect(try await home.names([("custom.nick", "Zoe")]) == ["One"])
        }
    }

    @Test func `of who is erased no value is left, live as rebuilt`() async throws {
        let home = try await Home()
        try await home.house.projecting {
            let ids = try await tell(home)
            #expect(try await home.names([]).count == 3)
            #expect(try await home.values().contains { $0[0] == ids[0].text })
            _ = try await home.house.daybook.people.erase(ids[0], by: home.house.owner)
            _ = try await home.names([])
            let left = try await home.values()
            #expect(!left.contains { $0[0] == ids[0].text } && left.contains { $0[0] == ids[1].text })
            for one in try await home.house.daybook.models.verify() {
                #expect(one.equal, "\(one.projection): \(one.differences)")
            }
            try await home.house.daybook.models.rebuild()
            for one in try await home.house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }
}
