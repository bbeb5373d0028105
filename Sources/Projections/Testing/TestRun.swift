import FoundationEssentials
import Kernel
import Postgres

/// One test, run in all the ways there are, each in a log of its own.
struct TestRun: Sendable {
    private struct Found: Hashable {
        let line: Int
        let column: Int
        let message: String
    }
    private let file: String
    private let test: TestFile.Test
    private let definition: Definition
    private let generation: Int32
    /// The logs, by the way in which they are folded.
    private let organizations: [TestWay: UUID]
    /// What is otherwise, and in which ways, in the order in which it was found.
    private var found: [(what: Found, ways: [TestWay])] = []

    init(_ file: String, _ test: TestFile.Test, _ definition: Definition, _ generation: Int32) {
        self.file = file
        self.test = test
        self.definition = definition
        self.generation = generation
        organizations = Dictionary(uniqueKeysWithValues: TestWay.allCases.map { ($0, UUID()) })
    }

    var differences: [TestDifference] {
        found.map { what, ways in
            TestDifference(
                file: file, line: what.line, column: what.column, test: test.name, ways: ways.map(\.rawValue),
                message: what.message)
        }
    }

    // MARK: - How is it folded?

    /// Puts the events into the logs, and applies them batch by batch.
    func folded(_ connection: BlockingConnection) throws -> TestRun {
        var run = self
        let table = ReadTable(definition: definition, name: definition.name)
        let deployment = Deployment([Deployed(table: table, generation: generation)], unsealing: nil)
        for way in TestWay.allCases {
            guard let organization = organizations[way] else { continue }
            if !test.events.isEmpty { try connection.query(log(of: organization)) }
            guard let size = way.batch else { continue }
            if try isAppliedTwice(organization, deployment, size, way.isTwice, connection) {
                run.note(Found(line: 1, column: 1, message: "a batch that was delivered twice was applied twice"), way)
            }
            try run.compare(way, organization, connection)
        }
        return run
    }

    /// Looks at the tables once they were built from the logs.
    func rebuilt(_ connection: BlockingConnection) throws -> TestRun {
        var run = self
        if let organization = organizations[.rebuild] { try run.compare(.rebuild, organization, connection) }
        return run
    }

    private func log(of organization: UUID) -> Statement {
        Statement(SQL.insertTestEvents) {
            $0.uuid(organization)
            $0.bigints(test.events.indices.map { Int64($0) + 1 })
            $0.uuids(test.events.map(\.stream))
            $0.ints(test.events.map(\.version))
            $0.texts(test.events.map(\.type))
            $0.jsons(test.events.map(\.data.bytes))
            $0.timestamptzs(test.events.map(\.occurredAt.microseconds))
            $0.uuids(test.events.map(\.actor))
        }
    }

    /// - Returns: whether the database took a batch for the second time.
    private func isAppliedTwice(
        _ organization: UUID, _ deployment: Deployment, _ size: Int64, _ isTwice: Bool, _ connection: BlockingConnection
    ) throws -> Bool {
        let batch = Batch(deployment)
        var lane = Lane(deployment: deployment, checkpoints: [Checkpoint()])
        while var order = lane.order(for: organization) {
            order.limit = min(size, lane.limit)
            do {
                try apply(order, batch, connection)
                if batch.events.isEmpty { return false }
                let checkpoints = batch.checkpoints
                if isTwice, try !isRefused(order, batch, connection) { return true }
                lane.advance(to: checkpoints)
            } catch let error as PostgresError where batch.isWriting && error.refusesValue {
                lane.refuse(batch, error)
            }
        }
        return false
    }

    private func apply(_ order: Batch.Order, _ batch: Batch, _ connection: BlockingConnection) throws {
        var next: [Statement]? = batch.start(order)
        while let statements = next { next = try batch.next(try connection.runPipelined(statements)) }
    }

    /// The progress that the batch was folded from is another by now: that refuses it.
    private func isRefused(_ order: Batch.Order, _ batch: Batch, _ connection: BlockingConnection) throws -> Bool {
        do {
            try apply(order, batch, connection)
            return false
        } catch let error as PostgresError where error.kind == .divisionByZero {
            return true
        }
    }

    // MARK: - What came out?

    private mutating func compare(_ way: TestWay, _ organization: UUID, _ connection: BlockingConnection) throws {
        for row in try connection.query(Statement(SQL.organizationHeld) { $0.uuid(organization) }) {
            let position = Int(try row.bigint(2))
            guard try row.text(0) == definition.name, test.events.indices.contains(position - 1) else { continue }
            let event = test.events[position - 1]
            let message = "\(event.type) cannot be applied; its stream is held"
            note(Found(line: event.place.line, column: event.place.column, message: message), way)
        }
        let table = ReadTable(definition: definition, name: definition.name)
        let comparison = TestComparison(definition)
        for (expected, name) in [(test.rows, table.rows), (test.totals, table.totals)] {
            guard let expected else { continue }
            let rows = try connection.query(
                Statement("SELECT row_to_json(t)::text FROM \(name) t WHERE organization_id = $1") {
                    $0.uuid(organization)
                })
            // The organization is of this run only.
            let actual = try rows.map { row -> JSON in
                var members = try JSON(parsing: try row.text(0)).object ?? [:]
                members["organization_id"] = nil
                return .object(members)
            }
            for (place, message) in comparison.differences(expected, actual) {
                note(Found(line: place.line, column: place.column, message: message), way)
            }
        }
    }

    private mutating func note(_ what: Found, _ way: TestWay) {
        if let i = found.firstIndex(where: { $0.what == what }) {
            if !found[i].ways.contains(way) { found[i].ways.append(way) }
        } else {
            found.append((what, [way]))
        }
    }
}
