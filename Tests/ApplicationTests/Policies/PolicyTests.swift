import CRM
import EventLog
import Foundation
import Kernel
import Postgres
import Projections
import Synchronization
import Testing

@testable import Application

@Suite(.timeLimit(.minutes(4))) struct PolicyTests {
    /// Because a team was founded, or renamed, something is asked of that team.
    static func policy(_ events: Set<String>, _ ask: @escaping @Sendable (Policy.Happening) -> [Ask]) -> Policy {
        Policy(name: "test", events: events, lookup: { _ in nil }, react: { happening, _ in ask(happening) })
    }

    @Test func `a runner that ends after the commands and before it remembers repeats nothing in effect`() async throws
    {
        let sales = try await Sales()
        let (old, new, other) = (sales.stages[0], sales.stages[1], sales.stages[2])
        let deals = try await sales.open(20, in: old)
        try await sales.house.projecting {
            let position = try await sales.retire(old, for: new)
            let isThere = Mutex(false)
            let first = sales.runner(Policy.all) { options in
                options.beforeProgress = { _, _ in
                    isThere.withLock { $0 = true }
                    while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
                }
            }
            let task = Task { await first.run() }
            for _ in 0..<1000 where !isThere.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            task.cancel()
            await task.value
            #expect(try await sales.progress() < position)
            #expect(try await sales.reactions().count == 20)
            // Somebody has moved one on meanwhile: it is not fetched back.
            #expect(await sales.move(deals[7], to: other) == nil)
            #expect(try await sales.reacted(to: position))
            #expect(try await sales.reactions().count == 20)
            #expect(try await sales.stage(of: deals[7]) == other)
        }
    }

    @Test func `a runner that is ended again and again loses nothing and does nothing twice`() async throws {
        let sales = try await Sales()
        let deals = try await sales.open(120, in: sales.stages[0])
        try await sales.house.projecting {
            let position = try await sales.retire(sales.stages[0], for: sales.stages[1])
            var random = Sequence64(state: 11)
            for _ in 0..<12 {
                let runners = (0..<2).map { _ in sales.runner(Policy.all) { $0.page = 7 } }
                let tasks = runners.map { runner in Task { await runner.run() } }
                try await Task.sleep(for: .milliseconds(random.below(120)))
                for task in tasks { task.cancel() }
                for task in tasks { await task.value }
            }
            #expect(try await sales.reacted(to: position))
            let reactions = try await sales.reactions()
            #expect(reactions.count == 120 && Set(reactions.map(\.stream)) == Set(deals))
            for deal in deals { #expect(try await sales.stage(of: deal) == sales.stages[1]) }
        }
    }

    @Test func `a rebuild of the read tables, and their loss, make no policy react`() async throws {
        let sales = try await Sales()
        _ = try await sales.open(5, in: sales.stages[0])
        try await sales.house.projecting {
            let position = try await sales.retire(sales.stages[0], for: sales.stages[1])
            try await sales.reacting {
                #expect(try await sales.reached(position))
                let length = try await sales.events().count
                try await sales.house.daybook.models.rebuild()
                try await sales.house.daybook.models.drop()
                try await sales.house.daybook.models.rebuild()
                let later = try await sales.house.ask("team", .new, "create", ["name": "After it"])
                #expect(later.position.position == Int64(length) + 1)
                #expect(try await sales.events().count == length + 1)
            }
        }
    }

    @Test func `a policy reacts to nothing from before it was known to the database`() async throws {
        let sales = try await Sales()
        _ = try await sales.house.ask("team", .new, "create", ["name": "Before"])
        let policy = Self.policy(["team.created"]) { happening in
            [Ask("team", .id(happening.stream), "edit", ["description": "Seen"])]
        }
        let before = try await sales.head()
        for _ in 0..<2 { try await sales.runner([policy]) { _ in }.introduce() }
        #expect(try await sales.progress("test") == before)
        let later = try await sales.house.ask("team", .new, "create", ["name": "After"])
        for _ in 0..<2 { try await sales.runner([policy]) { _ in }.introduce() }
        #expect(try await sales.reacted(to: later.position.position, [policy]))
        #expect(try await sales.reactions().map(\.stream) == [later.results[0].id])
        // What begins later is followed from its first event.
        let second = try await sales.house.daybook.access.createOrganization(name: "Two", email: "two@example.com")
        #expect(second.organization != sales.house.organization)
    }

    @Test func `a command that is refused is done with, and holds up nothing behind it`() async throws {
        let sales = try await Sales()
        let policy = Self.policy(["team.created"]) { happening in
            let name = happening.event.data["name"]?.string
            // One names no record, one is not understood, one is refused by the domain, one is well.
            return switch name {
            case "A": [Ask("deal", .id(happening.stream), "move", ["stage_id": .string(happening.stream.text)])]
            case "B": [Ask("team", .id(happening.stream), "edit", ["nonsense": 1])]
            case "C": [Ask("team", .id(happening.stream), "create", ["name": "C"])]
            case _: [Ask("team", .id(happening.stream), "edit", ["description": "Seen"])]
            }
        }
        try await sales.runner([policy]) { _ in }.introduce()
        var last: Position = 0
        for name in ["A", "B", "C", "D"] {
            last = try await sales.house.ask("team", .new, "create", ["name": .string(name)]).position.position
        }
        #expect(try await sales.reacted(to: last, [policy]))
        #expect(try await sales.reactions().map(\.type) == ["team.edited"])
    }

    @Test func `a record that a policy begins is begun once`() async throws {
        let sales = try await Sales()
        let policy = Self.policy(["team.created"]) { happening in
            [Ask("account", .new, "create", ["name": "Made by a policy"])]
        }
        try await sales.runner([policy]) { _ in }.introduce()
        let made = try await sales.house.ask("team", .new, "create", ["name": "A"])
        let reached = Mutex(false)
        let first = sales.runner([policy]) { options in
            options.beforeProgress = { _, _ in
                reached.withLock { $0 = true }
                while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
            }
        }
        let task = Task { await first.run() }
        for _ in 0..<1000 where !reached.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        await task.value
        #expect(try await sales.reacted(to: made.position.position, [policy]))
        #expect(try await sales.reactions().map(\.type) == ["account.created"])
    }

    @Test func `policies that drive each other come to an end`() async throws {
        let sales = try await Sales()
        let policy = Self.policy(["team.created", "team.edited"]) { happening in
            [Ask("team", .id(happening.stream), "edit", ["description": .string("Seen at \(happening.position)")])]
        }
        try await sales.runner([policy]) { _ in }.introduce()
        let made = try await sales.house.ask("team", .new, "create", ["name": "A"])
        #expect(try await sales.reacted(to: made.position.position + 3, [policy]) { $0.depth = 3 })
        let reactions = try await sales.reactions()
        #expect(reactions.count == 3)
        // Each says what made it, and all with which request it began.
        #expect(reactions.map { Meta($0).cause } == (0..<3).map { made.position.position + $0 })
        #expect(reactions.allSatisfy { Meta($0).correlation == "test" })
    }

    @Test func `a policy waits for the tables that it reads, and while something of them waits to be healed`()
        async throws
    {
        let sales = try await Sales()
        _ = try await sales.open(3, in: sales.stages[0])
        let position = try await sales.retire(sales.stages[0], for: sales.stages[1])
        let looks = Mutex(0)
        var policy = Policy.stageRetirement
        policy = Policy(
            name: policy.name, events: policy.events,
            lookup: { [policy] happening in
                looks.withLock { $0 += 1 }
                return policy.lookup(happening)
            }, react: policy.react)
        try await sales.reacting([policy]) {
            for _ in 0..<1000 where looks.withLock({ $0 }) < 2 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await sales.reactions().isEmpty)
            try await sales.hold(true)
            try await sales.house.projecting {
                let before = looks.withLock { $0 }
                for _ in 0..<1000 where looks.withLock({ $0 }) < before + 3 {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(try await sales.reactions().isEmpty)
                try await sales.hold(false)
                #expect(try await sales.reached(position))
            }
        }
        #expect(try await sales.reactions().count == 3)
    }

    @Test func `how long a policy waits is known, and forgotten when it need not any more`() async throws {
        let sales = try await Sales()
        _ = try await sales.open(1, in: sales.stages[0])
        let position = try await sales.retire(sales.stages[0], for: sales.stages[1])
        let runner = sales.runner(Policy.all) { _ in }
        let task = Task { await runner.run() }
        for _ in 0..<1000 where runner.longestWait < .milliseconds(100) { try await Task.sleep(for: .milliseconds(20)) }
        #expect(runner.longestWait >= .milliseconds(100))
        try await sales.house.projecting {
            #expect(try await sales.reached(position))
            for _ in 0..<1000 where runner.longestWait > .zero { try await Task.sleep(for: .milliseconds(20)) }
            #expect(runner.longestWait == .zero)
        }
        task.cancel()
        await task.value
    }
}

extension Sales {
    func head() async throws -> Position { try await house.head().position }

    /// As if a stream of the deals' table waited to be healed.
    func hold(_ isHeld: Bool) async throws {
        let organization = house.organization
        let sql =
            isHeld
            ? "INSERT INTO read.held VALUES ('deals', $1, $1, 1, 1, 'test')"
            : "DELETE FROM read.held WHERE stream_id = $1"
        _ = try await house.daybook.worker.query(Statement(sql) { $0.uuid(organization) })
    }
}
