import CRM
import FoundationEssentials
import Kernel
import Projections
import Synchronization
import Testing

@testable import Application

/// Each row is told by the events that made it: what they changed adds up to the row.
@Suite struct ExplainTests {
    private func rows(_ table: String, _ house: TestHouse) async throws -> [[String: JSON]] {
        let lines = Lines()
        try await house.daybook.models.rows(table, organization: house.organization) { lines.add(Array($0)) }
        return try lines.all.map { try JSON(parsing: $0).object ?? [:] }
    }
    private final class Lines: Sendable {
        private let lines = Mutex<[[UInt8]]>([])
        var all: [[UInt8]] { lines.withLock { $0 } }
        func add(_ line: [UInt8]) { lines.withLock { $0.append(line) } }
    }
    /// Moments are compared as such: Postgres writes them in another form.
    private func plain(_ json: JSON) -> JSON {
        guard let text = json.string?.replacing("+00:00", with: "Z"), text.contains("T") else { return json }
        return Instant(text).map { .string($0.text) } ?? json
    }
    private func explain(
        _ table: String, _ id: JSON?, _ house: TestHouse, column: String? = nil
    ) async throws -> Explanation {
        try await house.daybook.models.explain(
            table, key: try #require(id?.string), column: column, organization: house.organization)
    }

    @Test func `the last state of an explanation is the row, in every table that comes along`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            try await house.daybook.demonstrate(in: house.organization)
            let deal = try await house.ask("deal", .new, "open", ["title": "Ten \"pumps\"\n"]).results[0].id
            let subject: JSON = ["entity": "deal", "id": .string(deal.text)]
            for kind in ["call", "note", "meeting"] {
                let body: JSON = [
                    "kind": .string(kind), "subject": subject, "attributes": ["a": .number(0.5), "b": [1, "é"]],
                ]
                _ = try await house.ask("interaction", .new, "log", body, at: "2012-03-01T10:00:00Z")
            }
            let gone = try await house.ask("contact", .new, "create", ["last_name": "Gone"]).results[0].id
            _ = try await house.daybook.people.erase(gone, by: house.owner)
            _ = try await house.daybook.queries.list(
                "deal", [], by: house.owner, min: try await house.head())
            let tables = try await house.daybook.models.list()
            #expect(tables.count >= 11)
            var random = SystemRandomNumberGenerator()
            for table in tables.map(\.projection) {
                let all = try await rows(table, house)
                for row in all.shuffled(using: &random).prefix(12) {
                    let told = try await explain(table, row["id"], house)
                    let last = try #require(told.row)
                    for (column, value) in last { #expect(plain(row[column] ?? .null) == value, "\(table).\(column)") }
                    let empty = Set(row.filter { $0.value != .null }.keys)
                    #expect(empty.subtracting(last.keys).isSubset(of: Self.standard), "\(table)")
                    // And what the events changed, one after the other, is the row too.
                    var added: [String: JSON] = [:]
                    for change in told.steps.flatMap(\.changes) {
                        #expect(added[change.column] ?? .null == change.from, "\(table).\(change.column)")
                        added[change.column] = change.to == .null ? nil : change.to
                    }
                    #expect(added == last, "\(table)")
                    if let position = row["position"]?.integer { #expect(told.steps.last?.position == position) }
                }
            }
        }
    }
    private static let standard: Set = [
        "id", "organization_id", "version", "position", "created_at", "updated_at",
    ]

    @Test func `a column is told by those events that changed it, with who and by what`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let id = try await house.ask("deal", .new, "open", ["title": "Ten pumps"]).results[0].id
            _ = try await house.ask("deal", .id(id), "edit", ["next_step": "Call"])
            _ = try await house.ask("deal", .id(id), "edit", ["title": "Eleven pumps", "next_step": "Write"])
            _ = try await house.ask("deal", .id(id), "archive", [:])
            let min = try await house.head()
            _ = try await house.daybook.queries.record("deal", id, by: house.owner, min: min)
            let whole = try await explain("deals", .string(id.text), house)
            #expect(whole.steps.map(\.type) == ["deal.opened", "deal.edited", "deal.edited", "deal.archived"])
            #expect(whole.position == min.position)
            let told = try await explain("deals", .string(id.text), house, column: "title")
            let changes = told.steps.map { step in step.changes.map { [.string($0.column), $0.from, $0.to] } }
            #expect(changes == [[["title", .null, "Ten pumps"]], [["title", "Ten pumps", "Eleven pumps"]]])
            let last = try #require(told.steps.last)
            #expect(last.actor == house.founding.owner && last.version == 3 && last.stream == id)
            #expect(last.meta["act"] == "deal.edit" && last.meta["request"] == "test")
            let json = told.json["events"]?.array?.last
            #expect(json?["actor_kind"] == "member" && json?["channel"] == "api")

            for (table, key, column) in [
                ("dials", id.text, nil), ("deals", UUID().text, nil), ("deals", id.text, "titel"),
            ] as [(String, String, String?)] {
                await #expect(throws: ReadModelError.self) {
                    try await explain(table, .string(key), house, column: column)
                }
            }
            let explanations = Explanations(models: house.daybook.models)
            let reply = try await explanations.row(id.text, of: "deals", column: "title", by: house.owner)
            #expect(try JSON(parsing: reply.body) == told.json)
            let member = house.caller(.member)
            await #expect(throws: Problem.self) {
                try await explanations.row(id.text, of: "deals", column: nil, by: member)
            }
        }
    }
}
