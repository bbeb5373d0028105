import Application
import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

extension QueriesTests {
    /// Answers as of a moment against answers of the present: of the same database, and of one that has only the events
    /// up to that moment.
    @Suite struct AsOf {
        private static let entities = [
            "organization", "member", "team", "account", "contact", "product", "pipeline", "deal", "rate", "field_set",
        ]
        private typealias Ask = (Queries, Caller, [Parameter]) async throws -> Reply

        /// One question of every kind.
        private func questions(_ history: SalesHistory) -> [(name: String, ask: Ask)] {
            let (pipeline, stage) = (history.pipeline, history.stages[1].id)
            var questions: [(name: String, ask: Ask)] = []
            for entity in Self.entities {
                questions.append(
                    (
                        "list \(entity)",
                        { try await $0.list(entity, $2 + [.init("limit", "200"), .init("total", "exact")], by: $1) }
                    ))
            }
            let filters = [
                Parameter("stage_id", stage.text), .init("sort", "-amount"), .init("created_at.gte", "2016-10-01"),
            ]
            questions.append(("filtered", { try await $0.list("deal", $2 + filters, by: $1) }))
            questions.append(("fields", { try await $0.fields($2, by: $1) }))
            questions.append(("board", { try await $0.board(pipeline, $2, by: $1) }))
            questions.append(("overview", { try await $0.overview($2, by: $1) }))
            let base = [Parameter("rate_date", "2017-01-15")]
            questions.append(("overview in base", { try await $0.overview($2 + base, by: $1) }))
            questions.append(("board in base", { try await $0.board(pipeline, $2 + base, by: $1) }))
            questions.append(("forecast", { try await $0.forecast($2 + base, by: $1) }))
            let bySource = base + [Parameter("by", "source")]
            questions.append(("outcomes", { try await $0.outcomes($2 + bySource, by: $1) }))
            questions.append(("conversion", { try await $0.conversionReport($2, by: $1) }))
            let open = base + [Parameter("measure", "open_amount"), .init("by", "owner")]
            questions.append(("open amount in base", { try await $0.dealsReport($2 + open, by: $1) }))
            let keys = "pipeline_id,stage_id,amount_currency,owner_id,status"
            let groups = [Parameter("limit", "200"), .init("archived", "false"), .init("sort", keys)]
            questions.append(("totals", { try await $0.table("deals_totals", $2 + groups, by: $1) }))
            for (measure, by) in [
                ("won_amount", "quarter"), ("open_amount", "stage"), ("weighted_amount", "owner"), ("count", "month"),
                ("win_rate", "region"), ("days_to_win", "product"), ("count", "team"), ("count", "account"),
            ] {
                let report = [Parameter("measure", measure), .init("by", by)]
                questions.append(("\(measure) by \(by)", { try await $0.dealsReport($2 + report, by: $1) }))
            }
            return questions
        }

        @Test func `as of now is as it is`() async throws {
            let history = try SalesHistory(seed: 31, deals: 60)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let now = TestHouse.clock().text
            for (name, ask) in questions(history) {
                let present = try await ask(home.queries, caller, [])
                for moment in [["as_of"], ["as_known"], ["as_of", "as_known"]] {
                    let past = try await ask(home.queries, caller, moment.map { Parameter($0, now) })
                    #expect(past.body == present.body, "\(name), \(moment)")
                }
            }
            for line in history.ledger.lines where line.version == 1 {
                let entity = String(line.event.type.prefix { $0 != "." })
                let present = try await home.queries.record(entity, line.stream, by: caller)
                let past = try await home.queries.record(entity, line.stream, [.init("as_of", now)], by: caller)
                #expect(past.body == present.body && past.version == present.version, "\(entity)")
            }
        }

        @Test func `as of a moment, and as known at it, is what a database says that has the events up to it`()
            async throws
        {
            let history = try SalesHistory(seed: 32, deals: 40)
            let day: Int64 = 86_400_000_000
            history.ledger.recordLate(20 * day)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let lines = history.ledger.lines
            for n in [60, 110, lines.count - 20] {
                let (occurred, recorded) = (lines[n].at, lines[n].recorded)
                let known = try await QueriesHome([history.ledger.filter { $0.recorded <= recorded }])
                let truth = try await QueriesHome([history.ledger.filter { $0.at <= occurred }])
                for (name, ask) in questions(history) {
                    let wanted = try await (
                        Self.comparable(ask(known.queries, caller, [])), Self.comparable(ask(truth.queries, caller, []))
                    )
                    func past(_ parameters: [Parameter]) async throws -> JSON {
                        try await Self.comparable(ask(home.queries, caller, parameters))
                    }
                    #expect(try await past([.init("as_known", recorded.text)]) == wanted.0, "\(name) as known, \(n)")
                    #expect(try await past([.init("as_of", occurred.text)]) == wanted.1, "\(name) as of, \(n)")
                    // Of two, the shorter prefix.
                    let (knew, earlier) = (Parameter("as_known", recorded.text), recorded.microseconds - day)
                    let before = [Parameter("as_of", Instant(microseconds: earlier).text)]
                    let after = Parameter("as_of", Instant(microseconds: recorded.microseconds + day).text)
                    #expect(try await past(before + [knew]) == past(before), "\(name), true before, \(n)")
                    #expect(try await past([knew, after]) == wanted.0, "\(name), known before, \(n)")
                }
            }
        }

        /// Without what differs between two logs: how far each is, and what the clock says.
        private static func comparable(_ reply: Reply) throws -> JSON {
            func stripped(_ json: JSON) -> JSON {
                switch json {
                case .object(let members):
                    .object(members.filter { $0.key != "days_in_stage" }.mapValues(stripped))
                case .array(let items): .array(items.map(stripped))
                case .null, .bool, .integer, .number, .string: json
                }
            }
            guard case .object(var members) = try reply.json else { return .null }
            members["position"] = nil
            return stripped(.object(members))
        }

        @Test func `what was imported later was true before it was known`() async throws {
            let ledger = Ledger()
            let today = try #require(Instant("2026-02-01T09:00:00Z"))
            let opened = try #require(Instant("2025-03-01T22:30:00Z"))
            let (deal, pipeline, stage, account) = (UUID(), UUID(), UUID(), UUID())
            try ledger.tell(
                ledger.organization,
                Organization.Event.created(Record(["name": "X", "currency": "EUR", "time_zone": "Europe/Paris"])),
                at: today)
            let stages: JSON = .object([
                stage.text: ["name": "Open", "kind": "open", "position": 1, "probability": 10]
            ])
            try ledger.tell(
                pipeline, Pipeline.Event.created(Record(["name": "Sales", "stages": stages])), at: today)
            try ledger.tell(account, Account.Event.created(Record(["name": "First name"])), at: today)
            try ledger.tell(account, Account.Event.edited(set: Patch(["name": "Second name"])), at: today)
            let record = Record([
                "title": "Old", "pipeline_id": .string(pipeline.text), "stage_id": .string(stage.text),
                "account_id": .string(account.text), "amount": ["minor": 500, "currency": "EUR"],
            ])
            try ledger.tell(deal, Deal.Event.opened(record), at: opened, recorded: today)
            try ledger.tell(deal, Deal.Event.edited(set: Patch(["title": "New"])), at: today)
            let home = try await QueriesHome([ledger])
            let (queries, caller) = (home.queries, Caller.of(ledger.organization))
            func at(_ name: String, _ text: String) -> [Parameter] { [.init(name, text)] }

            let past = try await queries.record("deal", deal, at("as_of", "2025-03-02"), by: caller)
            let document = try past.json
            #expect(document["title"] == "Old" && past.version == 1)
            // Whom it refers to did not exist yet, and is shown as it was first.
            #expect(document["account_name"] == "First name" && document["stage_name"] == "Open")
            #expect(try await queries.record("deal", deal, by: caller).json["account_name"] == "Second name")
            for name in ["deal", "account"] {
                let id = name == "deal" ? deal : account
                let moment = name == "deal" ? at("as_known", "2025-12-31") : at("as_of", "2025-12-31")
                #expect(await code { try await queries.record(name, id, moment, by: caller) } == "\(name).not_found")
            }
            func ids(_ moment: [Parameter]) async throws -> [String] {
                try await queries.list("deal", moment, by: caller).json.ids
            }
            #expect(try await ids(at("as_of", "2025-03-02")) == [deal.text])
            #expect(try await ids(at("as_known", "2025-03-02")) == [])
            #expect(try await ids(at("as_of", "2025-03-02") + at("as_known", "2026-01-31")) == [])
            // A day counts to its end, where the organization is: it was 23:30 in Paris.
            #expect(try await ids(at("as_of", "2025-03-01")) == [deal.text])
            #expect(try await ids(at("as_of", "2025-02-28")) == [])
            #expect(try await ids(at("as_of", "2025-03-01T22:29:59Z")) == [])

            let board = try await queries.board(pipeline, at("as_of", "2025-03-05"), by: caller).json
            let column = try #require(board["stages"]?.array?.first)
            #expect(column["count"] == 1 && column["cards"]?.array?.first?["days_in_stage"] == 4)
            let report = [Parameter("measure", "open_amount"), .init("by", "stage")]
            let rows = try await queries.dealsReport(report + at("as_of", "2025-03-05"), by: caller).json.rows
            #expect(rows.map { $0["value"] } == [500] && rows[0]["label"] == "Open")
            #expect(try await queries.dealsReport(report + at("as_known", "2025-03-05"), by: caller).json.rows == [])
            let overview = try await queries.overview(at("as_of", "2025-03-05"), by: caller).json
            #expect(overview["deals"]?["total"] == 1 && overview["stages"]?.array?.first?["count"] == 1)
        }

        @Test func `a list of one moment does not go on in another`() async throws {
            let history = try SalesHistory(seed: 33, deals: 30)
            let home = try await QueriesHome([history.ledger])
            let (queries, caller) = (home.queries, Caller.of(history.ledger.organization))
            let moment = Parameter("as_of", try #require(history.ledger.lines.last).at.text)
            var found: [String] = []
            var cursor: String?
            repeat {
                let go = cursor.map { [Parameter("cursor", $0)] } ?? []
                let page = try await queries.list(
                    "deal", [moment, .init("limit", "7"), .init("archived", "any")] + go, by: caller
                ).json
                found += page.ids
                cursor = page["next"]?.string
                guard let cursor else { break }
                for other in [[], [Parameter("as_of", "2019-01-01")], [Parameter("as_known", moment.value)]] {
                    let code = await code {
                        try await queries.list(
                            "deal", other + [.init("limit", "7"), .init("archived", "any"), .init("cursor", cursor)],
                            by: caller)
                    }
                    #expect(code == "cursor.invalid")
                }
            } while true
            #expect(found.count == 30 && Set(found).count == 30)
            // Versions share their ids: their pages go on by counting.
            var versions = 0
            cursor = nil
            repeat {
                let go = cursor.map { [Parameter("cursor", $0)] } ?? []
                let page = try await queries.table("deals_versions", [.init("limit", "50")] + go, by: caller).json
                versions += page.items.count
                cursor = page["next"]?.string
            } while cursor != nil
            #expect(versions == history.ledger.lines.filter { $0.event.type.hasPrefix("deal.") }.count)
        }
    }
}
