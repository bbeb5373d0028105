import CRM
import EventLog
import Foundation
import Kernel
import Projections
import Synchronization
import Testing

@testable import Application

@Suite struct ReadModelTests {
    @Test func `of a thousand writes each is read back at once, though the projector pauses at random`() async throws {
        var options = ProjectionRunner.Options()
        let pauses = Mutex(Sequence64(state: 7))
        options.beforeBatch = { _ in
            let milliseconds = pauses.withLock { $0.below(10) == 0 ? $0.below(300) : 0 }
            try? await Task.sleep(for: .milliseconds(milliseconds))
        }
        let house = try await TestHouse(projecting: options)
        try await house.projecting {
            let stale = try await withThrowingTaskGroup(of: Int.self) { group in
                for worker in 0..<20 {
                    group.addTask {
                        var stale = 0
                        for number in 0..<50 {
                            let name = "Account \(worker) \(number)"
                            let made = try await house.ask("account", .new, "create", ["name": .string(name)])
                            let reply = try await house.daybook.queries.record(
                                "account", made.results[0].id, by: house.owner, min: made.position)
                            if try JSON(parsing: reply.body)["name"] != .string(name) { stale += 1 }
                        }
                        return stale
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(stale == 0)
        }
    }

    private static func shipped() throws -> [Definition] {
        try shippedProjections.filter { $0.name.hasSuffix(".yaml") && !$0.name.hasSuffix(".test.yaml") }
            .map { try Definition.read(file: $0.name, text: $0.text, catalogue: Daybook.catalogue) }
    }

    @Test func `a record's table has the values of an organization's own fields beside it`() throws {
        let definitions = try Self.shipped()
        for entity in entities where FieldSet.customizable.contains(entity.name) {
            let definition = try #require(definitions.first { $0.name == entity.plural })
            #expect(definition.values.map { definition.columns[$0].name } == "custom", "\(entity.plural)")
        }
    }

    @Test func `a record's table follows every event of its entity, so that its version is the record's`() throws {
        let definitions = try Self.shipped()
        for entity in entities {
            let definition = try #require(definitions.first { $0.name == entity.plural })
            let events = entity.storedNames.map { String($0.prefix { $0 != "@" }) }
            #expect(Set(events).subtracting(definition.events).isEmpty, "\(entity.plural)")
        }
    }

    @Test func `what a unit wrote is in every read table, and equals what the log folds to`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            try await house.daybook.demonstrate(in: house.organization)
            let head = try await house.head()
            let parameters = [Parameter("total", "exact"), Parameter("limit", "5")]
            let reply = try await house.daybook.queries.list("deal", parameters, by: house.owner, min: head)
            let page = try JSON(parsing: reply.body)
            #expect(page["total"] == 122)
            #expect(page["items"]?.array?.count == 5)
            for verification in try await house.daybook.models.verify() {
                #expect(verification.equal, "\(verification.projection): \(verification.differences)")
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `all read models are equal, row by row, after they were dropped and rebuilt while writes go on`() async throws
    {
        let house = try await TestHouse(projecting: .init())
        let models = house.daybook.models
        try await house.projecting {
            try await house.daybook.demonstrate(in: house.organization)
            let done = Mutex(false)
            let writing = Task {
                var written = 0
                while !done.withLock({ $0 }) {
                    let made = try await house.ask("account", .new, "create", ["name": "Written meanwhile"])
                    let edit: JSON = ["name": .string("Written \(written)")]
                    _ = try await house.ask("account", .id(made.results[0].id), "edit", edit)
                    written += 1
                }
                return written
            }
            try await models.drop()
            try await models.rebuild()
            try await models.rebuild()
            done.withLock { $0 = true }
            #expect(try await writing.value > 0)
            try await Self.settle(models)
            let before = try await Self.rows(models)
            #expect(before.count > 8 && before.values.contains { $0.contains { $0.contains("Written 0") } })
            for one in try await models.verify() { #expect(one.equal, "\(one.projection): \(one.differences)") }
            // Now that nobody writes: dropped and rebuilt, byte by byte the same.
            try await models.drop()
            try await models.rebuild()
            try await Self.settle(models)
            #expect(try await Self.rows(models) == before)
        }
    }

    /// Waits until the tables show what the logs hold.
    private static func settle(_ models: ReadModels) async throws {
        for _ in 0..<400 {
            let status = try await models.status()
            if status.allSatisfy({ $0.eventsBehind == 0 }) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the tables do not come to the end of the logs")
    }

    private static func rows(_ models: ReadModels) async throws -> [String: [String]] {
        var rows: [String: [String]] = [:]
        for name in try await models.list().map(\.projection) {
            let lines = Mutex<[String]>([])
            try await models.rows(name) { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
            rows[name] = lines.withLock { $0 }
        }
        return rows
    }

    @Test func `a position of another history is told from a stale read`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let made = try await house.ask("account", .new, "create", ["name": "A"])
            let forged = PositionToken(position: made.position.position, hash: Array(repeating: 1, count: 8))
            let beyond = PositionToken(position: made.position.position + 9, hash: nil)
            for token in [forged, beyond] {
                do throws(Problem) {
                    _ = try await house.daybook.queries.record(
                        "account", made.results[0].id, by: house.owner, min: token)
                    Issue.record("answered")
                } catch { #expect(error.code == "log.forked") }
            }
        }
    }
}
