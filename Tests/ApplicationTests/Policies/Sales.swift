import CRM
import EventLog
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections

@testable import Application

/// An organization with deals, and policies that look after it.
struct Sales: Sendable {
    let house: TestHouse
    let pipeline: UUID
    /// The open stages of its pipeline, in order.
    let stages: [UUID]

    init(projecting: ProjectionRunner.Options = .init()) async throws {
        house = try await TestHouse(projecting: projecting)
        let organization = try await Sales.state(Organization.self, house.organization, house)
        pipeline = organization?.id("default_pipeline_id") ?? UUID()
        let known = try await Sales.state(Pipeline.self, pipeline, house).content.map(Stages.init)
        stages = known?.all.filter { $0.kind == .open }.map(\.id) ?? []
    }

    static func state<E: Entity>(_: E.Type, _ id: UUID, _ house: TestHouse) async throws -> E.State {
        var known = WorkingSet(readAt: .max)
        try await house.daybook.commands.load([Reference(E.self, id)], into: &known, house.organization)
        return known.streams[id]?.state as? E.State ?? E.initial
    }

    /// Opens deals in a stage.
    func open(_ count: Int, in stage: UUID) async throws -> [UUID] {
        let asks = (0..<count).map { number in
            [Ask("deal", .new, "open", ["title": .string("Deal \(number)"), "stage_id": .string(stage.text)])]
        }
        return try await house.daybook.commands.executeEach(asks, by: house.owner).map { try $0.get().results[0].id }
    }

    func move(_ deal: UUID, to stage: UUID) async -> Problem? {
        await house.problem("deal", .id(deal), "move", ["stage_id": .string(stage.text)])
    }

    /// - Returns: the position of the event.
    @discardableResult
    func retire(_ stage: UUID, for target: UUID) async throws -> Position {
        let body: JSON = ["stage_id": .string(stage.text), "target_id": .string(target.text)]
        return try await house.ask("pipeline", .id(pipeline), "retire_stage", body).position.position
    }

    func stage(of deal: UUID) async throws -> UUID? {
        try await Sales.state(Deal.self, deal, house).content?.fields.id("stage_id")
    }

    /// The events that policies caused.
    func reactions() async throws -> [RecordedEvent] {
        try await events().filter { Meta($0).cause != nil }
    }
    func events() async throws -> [RecordedEvent] {
        try await house.daybook.reader.page(house.organization, after: 0, limit: .max)
    }

    /// Lets policies react until `body` is done.
    func reacting(
        _ policies: [Policy] = Policy.all, _ adjust: (inout PolicyRunner.Options) -> Void = { _ in },
        while body: () async throws -> Void
    ) async throws {
        let runner = runner(policies, adjust)
        let task = Task { await runner.run() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    /// Lets policies react until the first has come to a position, and says whether it did.
    func reacted(
        to position: Position, _ policies: [Policy] = Policy.all,
        _ adjust: (inout PolicyRunner.Options) -> Void = { _ in }
    ) async throws -> Bool {
        var isReached = false
        try await reacting(policies, adjust) { isReached = try await reached(position, policies[0].name) }
        return isReached
    }

    func runner(_ policies: [Policy], _ adjust: (inout PolicyRunner.Options) -> Void) -> PolicyRunner {
        var options = PolicyRunner.Options()
        (options.sweep, options.pace, options.pause) = (.milliseconds(20), .milliseconds(5), .milliseconds(20))
        adjust(&options)
        let worker = house.daybook.worker
        return PolicyRunner(
            policies, commands: house.daybook.commands, database: worker, waits: ProjectionWaits(worker),
            options: options, feeds: { _ in true }, log: quiet)
    }

    /// Waits until a policy has come to a position, and says whether it did within half a minute.
    func reached(_ position: Position, _ policy: String = Policy.stageRetirement.name) async throws -> Bool {
        for _ in 0..<1500 {
            if try await progress(policy) >= position { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
    func progress(_ policy: String = Policy.stageRetirement.name) async throws -> Position {
        let organization = house.organization
        let rows = try await house.daybook.worker.query(
            Statement(SQL.policyPlace) {
                $0.uuid(organization)
                $0.text(policy)
            })
        return try rows.first?.bigint(0) ?? 0
    }
}
