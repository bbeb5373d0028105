import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

extension QueriesTests {
    @Suite struct Positions {
        /// A home whose tables are one event behind the log.
        private func behind(
            patience: Duration = TestHouse.patience
        ) async throws -> (home: QueriesHome, history: SalesHistory, head: Int64) {
            let history = try SalesHistory(seed: 17, deals: 5)
            let home = try await QueriesHome([history.ledger], patience: patience)
            let head = Int64(history.ledger.lines.count)
            try await home.work(
                "UPDATE read.progress SET position = $2 - 1, events = $2 - 1 WHERE organization_id = $1"
            ) {
                $0.uuid(history.ledger.organization)
                $0.bigint(head)
            }
            return (home, history, head)
        }

        @Test func `an answer states the state of the log it shows`() async throws {
            let (home, history, head) = try await behind()
            let reply = try await home.queries.list("deal", [], by: .of(history.ledger.organization))
            #expect(try reply.json["position"]?.integer == head - 1)
            let hash = Array(history.ledger.leaf(Int(head) - 1).prefix(8))
            #expect(reply.position == PositionToken(position: head - 1, hash: hash))
        }

        @Test func `a question waits for the position it names`() async throws {
            let (home, history, head) = try await behind()
            let caller = Caller.of(history.ledger.organization)
            let organization = history.ledger.organization
            let catchingUp = Task {
                try await Task.sleep(for: .milliseconds(300))
                try await home.work("UPDATE read.progress SET position = $2, events = $2 WHERE organization_id = $1") {
                    $0.uuid(organization)
                    $0.bigint(head)
                }
            }
            let token = PositionToken(position: head, hash: history.ledger.leaf(Int(head)))
            let started = ContinuousClock.now
            let reply = try await home.queries.record("deal", history.deals[0].id, by: caller, min: token)
            #expect(reply.position?.position == head)
            #expect(ContinuousClock.now - started >= .milliseconds(250))
            try await catchingUp.value
        }

        @Test func `a position that is not reached in time is said so, one of another log is refused`() async throws {
            let (home, history, head) = try await behind(patience: .milliseconds(200))
            let caller = Caller.of(history.ledger.organization)
            func code(_ min: PositionToken) async -> String? {
                await ApplicationTests.code { try await home.queries.list("deal", [], by: caller, min: min) }
            }
            #expect(await code(PositionToken(position: head, hash: nil)) == "position.not_reached")
            #expect(await code(PositionToken(position: head - 1, hash: nil)) == nil)
            #expect(await code(PositionToken(position: head + 1, hash: nil)) == "log.forked")
            #expect(await code(PositionToken(position: head - 1, hash: Array(repeating: 1, count: 8))) == "log.forked")
            #expect(await code(PositionToken(position: 0, hash: nil)) == nil)
        }

        @Test func `an answer that a held stream touches says that it is incomplete`() async throws {
            let history = try SalesHistory(seed: 19, deals: 5)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            func areIncomplete() async throws -> [JSON?] {
                [
                    try await home.queries.list("deal", [], by: caller).json["incomplete"],
                    try await home.queries.board(history.pipeline, [], by: caller).json["incomplete"],
                    try await home.queries.overview(by: caller).json["incomplete"],
                    try await home.queries.dealsReport([.init("measure", "count")], by: caller).json["incomplete"],
                ]
            }
            #expect(try await areIncomplete() == [nil, nil, nil, nil])
            let held = "INSERT INTO read.held (projection, organization_id, stream_id, position, version, code) "
            try await home.work(held + "VALUES ('deals', $1, $1, 1, 1, 'test')") {
                $0.uuid(history.ledger.organization)
            }
            #expect(try await areIncomplete() == [true, true, true, true])
            #expect(try await home.queries.list("team", [], by: caller).json["incomplete"] == nil)
        }

        @Test func `what is unavailable is said so: tables that are dropped, a database that is gone`() async throws {
            let history = try SalesHistory(seed: 18, deals: 5)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            #expect(await code { try await home.queries.list("deal", [], by: caller) } == nil)
            try await home.database.drop()
            #expect(await code { try await home.queries.list("deal", [], by: caller) } == "database.unavailable")
        }

        @Test func `a history tells each event and what it changed`() async throws {
            let ledger = Ledger()
            let (account, owner) = (UUID(), UUID())
            let at = try #require(Instant("2017-01-01T00:00:00Z"))
            let created = Record(["name": "Acme", "custom": ["segment": "north", "size": 5]])
            try ledger.tell(account, Account.Event.created(created), at: at)
            let change = Patch(["name": "Acme Inc", "custom": ["segment": "south", "size": .null]])
            try ledger.tell(account, Account.Event.edited(set: change), at: at)
            try ledger.tell(account, Account.Event.assigned(from: nil, owner_id: owner), at: at)
            try ledger.tell(account, Account.Event.archived, at: at)
            let home = try await QueriesHome([ledger])
            let caller = Caller.of(ledger.organization)
            let history = try await home.queries.history("account", account, [], by: caller).json
            #expect(history.items.compactMap { $0["type"]?.string } == ledger.lines.map(\.event.type))
            #expect(history.items[0]["data"] == .object(created.values) && history.items[0]["changes"] == nil)
            #expect(history.items[0]["act"] == "test" && history.items[0]["occurred_at"] == .string(at.text))
            let edited: JSON = [
                ["field": "custom.segment", "from": "north", "to": "south"],
                ["field": "custom.size", "from": 5, "to": .null],
                ["field": "name", "from": "Acme", "to": "Acme Inc"],
            ]
            #expect(history.items[1]["changes"] == edited)
            #expect(history.items[2]["changes"] == [["field": "owner_id", "from": .null, "to": .string(owner.text)]])
            let first = try await home.queries.history("account", account, [.init("limit", "3")], by: caller).json
            let cursor = try #require(first["next"]?.string)
            let second = try await home.queries.history(
                "account", account, [.init("limit", "3"), .init("cursor", cursor)], by: caller
            ).json
            #expect(first.items + second.items == history.items && second["next"] == .null)
            #expect(await code { try await home.queries.history("deal", account, [], by: caller) } == "deal.not_found")
        }
    }
}
