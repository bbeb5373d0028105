import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

@testable import Application

extension QueriesTests {
    /// What the shipped questions look at, in organizations of 20,000 records of each kind and of 2,000, with the plans
    /// that the role of the API gets under row-level security.
    @Suite struct PlanTests {
        static let rows = 20_000
        /// Enough for a page of fifty with what belongs to its rows, and for the first thousand rows that are looked
        /// through for a word; far too little for an organization.
        static let stretch = 4_000

        /// By what a list can be sorted and a page found without reading the organization. The first is the usual order.
        static let sorts: [String: [String]] = [
            "account": ["created_at", "name"], "contact": ["created_at", "last_name", "primary_email"],
            "deal": ["created_at", "amount", "expected_close"], "interaction": ["occurred_at"],
        ]

        @Test func `no question reads an organization where an index should serve`() async throws {
            let (home, plans, organization) = try await full()
            let caller = Caller.of(organization)
            for entity in entities {
                guard try await isListed(entity, home, caller) else { continue }
                for question in try await questions(entity, home, caller) {
                    try await check(question, plans)
                }
            }
            for question in acrossRecords(home, caller) { try await check(question, plans) }
            try await Crowd.give(home.database, organization, dealsTo: Crowd.id(5))
            try await check(laden(home, caller), plans)
        }

        private struct Question {
            let name: String
            /// How many rows it may look at.
            var most = PlanTests.stretch
            let ask: () async throws -> Void
        }

        private func check(_ question: Question, _ plans: Plans) async throws {
            let scans: [Plans.Scan]
            do { scans = try await plans.scans(question.ask) } catch let problem as Application.Problem {
                Issue.record("\(question.name): \(problem.code) \(problem.detail)")
                return
            }
            #expect(!scans.isEmpty, "\(question.name): no plan was logged")
            let read = scans.reduce(0) { $0 + $1.rows }
            let largest = scans.sorted { $0.rows > $1.rows }.prefix(3).map { "\($0.rows) rows: \($0.node)" }
            #expect(read <= question.most, "\(question.name): \(largest.joined(separator: "; "))")
        }

        private func full() async throws -> (QueriesHome, Plans, UUID) {
            let home = try await QueriesHome()
            let organizations = (0..<4).map { _ in UUID() }
            try await Crowd.fill(home.database, organizations, rows: Self.rows)
            await home.queries.close()
            let plans = try await Plans(home.database)
            // What the server is told of a database, it tells sessions that begin afterwards.
            return (QueriesHome(home.database), plans, organizations[0])
        }

        private func isListed(_ entity: any Entity.Type, _ home: QueriesHome, _ caller: Caller) async throws -> Bool {
            do {
                _ = try await home.queries.list(entity.name, [], by: caller)
                return true
            } catch let problem where problem.code == "read.unavailable" {
                return false
            }
        }

        // MARK: What can be asked of a kind of record?

        private func questions(
            _ entity: any Entity.Type, _ home: QueriesHome, _ caller: Caller
        ) async throws -> [Question] {
            let (name, queries) = (entity.name, home.queries)
            func list(_ text: String) -> Question {
                let parameters = text.split(separator: "&").map { part in
                    let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                    return Parameter(pair[0], pair[1])
                }
                return Question(name: "\(name)?\(text)") { _ = try await queries.list(name, parameters, by: caller) }
            }
            let id = try #require(UUID(uuidString: Crowd.id(7)))
            let past = "as_of=\(Instant(microseconds: Int64((Date().timeIntervalSince1970 - 600_000) * 1e6)).text)"
            // There is one, and the caller's.
            if name == Organization.name { return [list("limit=50")] }
            var long = list("limit=200")
            long.most *= 4
            var all = [list("limit=50"), long, list("limit=50&\(past)")]
            // Counted are those that keep totals.
            if Self.sorts[name] != nil { all.append(list("total=exact")) }
            all += [
                Question(name: "\(name)/{id}") { _ = try await queries.record(name, id, [], by: caller) },
                Question(name: "\(name)/{id}/timeline") { _ = try await queries.timeline(name, id, [], by: caller) },
            ]
            for key in Self.sorts[name] ?? [] {
                all += ["sort=\(key)", "sort=-\(key)", "sort=\(key),id"].map(list)
                all.append(try await next("sort=-\(key)&limit=50", name, home, caller))
            }
            let known = try await known("nosuch", name, home, caller)
            // Whatever refers to another record is a way to this one. What is one of a handful is not told apart by it.
            // The id of a message is no record's: a record is found by it as by one of another system.
            let others: Set = ["external_id", "pipeline_id", "stage_id", "message_id"]
            let references = known.filter { $0.hasSuffix("_id") && !others.contains($0) }
            all += references.map { list("\($0)=\(Crowd.id(3))") }
            if known.contains("include") {
                // With each row come those that it refers to, each found by its id.
                all += try await self.known("include", name, home, caller).map { list("limit=50&include=\($0)") }
            }
            if known.contains("q") { all += ["q=word17", "q=ail", "q=wo", "q=zyxwvu", "q=zy"].map(list) }
            return all
        }

        /// The page after the twentieth, as whoever turns the pages asks for it.
        private func next(
            _ text: String, _ name: String, _ home: QueriesHome, _ caller: Caller
        ) async throws -> Question {
            let parameters = text.split(separator: "&").map { part in
                let pair = part.split(separator: "=").map(String.init)
                return Parameter(pair[0], pair[1])
            }
            var cursor: String?
            for _ in 0..<20 {
                let more = cursor.map { [Parameter("cursor", $0)] } ?? []
                cursor = try await home.queries.list(name, parameters + more, by: caller).json["next"]?.string
            }
            let last = try #require(cursor)
            return Question(name: "\(name)?\(text), page 21") {
                _ = try await home.queries.list(name, parameters + [Parameter("cursor", last)], by: caller)
            }
        }

        /// What a list takes, or one of its parameters, as its refusal tells.
        private func known(
            _ parameter: String, _ name: String, _ home: QueriesHome, _ caller: Caller
        ) async throws -> [String] {
            do {
                _ = try await home.queries.list(name, [Parameter(parameter, "nosuch")], by: caller)
                return []
            } catch let problem {
                return (problem.more["known"]?.array ?? []).compactMap(\.string)
            }
        }

        // MARK: What is asked across records?

        private func acrossRecords(_ home: QueriesHome, _ caller: Caller) -> [Question] {
            let queries = home.queries
            var all = [
                Question(name: "overview") { _ = try await queries.overview(by: caller) },
                Question(name: "board") {
                    _ = try await queries.board(UUID(uuidString: Crowd.id(1))!, [], by: caller)
                },
                Question(name: "spans") { _ = try await queries.spans(UUID(uuidString: Crowd.id(1))!, [], by: caller) },
                Question(name: "today") {
                    let member = Caller.of(caller.organization, actor: UUID(uuidString: Crowd.id(3))!)
                    _ = try await queries.today(by: member)
                    _ = try await queries.myTasks([], by: member)
                },
                Question(name: "an account's page") {
                    _ = try await queries.customerDetail(UUID(uuidString: Crowd.id(7))!, [], by: caller)
                    _ = try await queries.chain(UUID(uuidString: Crowd.id(7))!, [], by: caller)
                },
                Question(name: "what a lead may become") {
                    let lead = Record(["company": "Word17 Tail3", "website": "https://word17.example"])
                    let offer = ConversionOffer(lead: UUID(), version: 1, record: lead, contacts: [])
                    _ = try await queries.conversion(offer, by: caller)
                },
            ]
            all.append(
                Question(name: "whom an address belongs to") {
                    let holders = [7, 11].map {
                        Correspondent.Person(entity: Contact.name, id: UUID(uuidString: Crowd.id($0))!)
                    }
                    _ = try await queries.lookup("ann@word17.example", holders, by: caller, min: nil)
                    _ = try await queries.strangers(["ann@word17.example"], by: caller, min: nil)
                })
            // What belongs to a record is found by it.
            all += Sublist.all(entities).map { list in
                Question(name: "\(list.entity)/{id}/\(list.path)") {
                    _ = try await queries.sublist(list, of: UUID(uuidString: Crowd.id(7))!, [], by: caller)
                }
            }
            // A report counts deals, each once, and reads beside them only what it names. It may look at the other
            // organizations' few as well, where that is cheaper than an index.
            for group in ["none", "stage", "month", "owner", "team", "product", "source"] {
                all.append(
                    Question(name: "report by \(group)", most: Self.rows * 3 / 2) {
                        let parameters = [Parameter("measure", "count"), Parameter("by", group)]
                        _ = try await queries.dealsReport(parameters, by: caller)
                    })
            }
            // Both spans of each deal, and the deals themselves once, for those that are archived.
            for (name, ask) in [("stages", queries.stagesReport), ("conversion", queries.conversionReport)] {
                all.append(
                    Question(name: "report on \(name)", most: Self.rows * 9 / 2) {
                        _ = try await ask([], caller, nil)
                    })
            }
            // As of a moment, each version of a deal once, and nothing of accounts, which it does not name.
            let then = Instant(microseconds: Int64((Date().timeIntervalSince1970 - 600_000) * 1e6))
            let past = Parameter("as_of", then.text)
            all += [
                Question(name: "forecast as of a moment", most: Self.rows * 3) {
                    _ = try await queries.forecast([past], by: caller)
                },
                Question(name: "pipeline as of a moment", most: Self.rows * 3) {
                    _ = try await queries.pipeline([past], by: caller)
                },
            ]
            return all
        }

        /// The day of whoever owns all deals there are: they are looked through once, for the first rule that holds.
        private func laden(_ home: QueriesHome, _ caller: Caller) -> Question {
            Question(name: "today with all deals", most: Self.rows * 3 / 2) {
                let member = Caller.of(caller.organization, actor: UUID(uuidString: Crowd.id(5))!)
                _ = try await home.queries.today(by: member)
            }
        }
    }
}

extension QueriesHome {
    /// Questions to a database that is there.
    init(_ database: TestDatabase) {
        self.database = database
        queries = QueriesHome.queries(database)
    }
}
