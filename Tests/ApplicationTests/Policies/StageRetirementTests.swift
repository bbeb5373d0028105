import CRM
import EventLog
import Foundation
import Kernel
import Projections
import Synchronization
import Testing

@testable import Application

@Suite(.timeLimit(.minutes(4))) struct StageRetirementTests {
    @Test func `all open deals of a retired stage are moved to its target, and no others`() async throws {
        let sales = try await Sales()
        let (old, new, other) = (sales.stages[0], sales.stages[1], sales.stages[2])
        // The pipeline lets only `other` follow; what is no more is left whatever it lets follow.
        _ = try await sales.house.ask(
            "pipeline", .id(sales.pipeline), "allow", ["from": .string(old.text), "to": [.string(other.text)]])
        let deals = try await sales.open(250, in: old)
        let elsewhere = try await sales.open(1, in: other)[0]
        let (won, away) = (try await sales.open(1, in: old)[0], try await sales.open(1, in: old)[0])
        _ = try await sales.house.ask("deal", .id(won), "win", [:])
        _ = try await sales.house.ask("deal", .id(away), "archive", [:])
        try await sales.house.projecting {
            let position = try await sales.retire(old, for: new)
            #expect(try await sales.reacted(to: position))

            let reactions = try await sales.reactions()
            #expect(reactions.map(\.type) == Array(repeating: "deal.moved", count: 250))
            #expect(Set(reactions.map(\.stream)) == Set(deals))
            for event in reactions {
                let meta = try JSON(parsing: event.meta)
                #expect(meta["cause"] == .integer(position) && meta["channel"] == "policy")
                #expect(meta["actor_kind"] == "automation" && meta["correlation"] == "test")
                #expect(meta["act"] == "deal.move" && event.actor == sales.house.organization)
            }
            #expect(Set(reactions.map(\.command)).count == 250)
            for (deal, stage) in [(deals[0], new), (deals[249], new), (elsewhere, other), (away, old)] {
                #expect(try await sales.stage(of: deal) == stage)
            }
            #expect(await sales.move(elsewhere, to: old)?.code == "deal.stage_retired")
            _ = try await sales.house.ask("deal", .id(away), "restore", [:])
            #expect(try await sales.stage(of: away) == new)
        }
    }

    @Test func `a stage whose target is retired too sends its deals where that one's go`() async throws {
        let sales = try await Sales()
        let deals = try await sales.open(5, in: sales.stages[0]) + sales.open(5, in: sales.stages[1])
        try await sales.retire(sales.stages[0], for: sales.stages[1])
        let last = try await sales.retire(sales.stages[1], for: sales.stages[2])
        try await sales.house.projecting {
            let isReached = try await sales.reacted(to: last)
            #expect(isReached)
        }
        for deal in deals { #expect(try await sales.stage(of: deal) == sales.stages[2]) }
        #expect(try await sales.reactions().count == 10)
    }

    @Test func `deals that are moved into a stage while it is retired are refused or moved on, and none is lost`()
        async throws
    {
        let sales = try await Sales()
        let (old, new, other) = (sales.stages[0], sales.stages[1], sales.stages[2])
        let deals = try await sales.open(60, in: other)
        try await sales.house.projecting {
            let ends = try await withThrowingTaskGroup(of: (position: Position, code: String?).self) { group in
                for deal in deals { group.addTask { (0, await sales.move(deal, to: old)?.code) } }
                group.addTask { (try await sales.retire(old, for: new), nil) }
                return try await group.reduce(into: [(position: Position, code: String?)]()) { $0.append($1) }
            }
            let position = ends.map(\.position).max() ?? 0
            let codes = Set(ends.map(\.code))
            #expect(codes.isSubset(of: [nil, "deal.stage_retired", "stream.conflict"]), "\(codes)")
            #expect(try await sales.reacted(to: position))
            for deal in deals { #expect(try await sales.stage(of: deal) != old) }
        }
    }

    @Test func `a deal that was changed since it was looked up is looked up again`() async throws {
        let gate = Mutex(true)
        var options = ProjectionRunner.Options()
        options.beforeBatch = { _ in
            while !gate.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
        }
        let sales = try await Sales(projecting: options)
        let (old, new, other) = (sales.stages[0], sales.stages[1], sales.stages[2])
        let deals = try await sales.open(3, in: old)
        try await sales.house.projecting {
            let position = try await sales.retire(old, for: new)
            let waits = ProjectionWaits(sales.house.daybook.worker)
            #expect(
                await waits.wait(
                    for: sales.house.organization, position: position, projections: ["deals"], timeout: .seconds(20)))
            gate.withLock { $0 = false }
            // The table does not show yet that the first got a name, and that the second went elsewhere.
            _ = try await sales.house.ask("deal", .id(deals[0]), "edit", ["title": "Renamed"])
            #expect(await sales.move(deals[1], to: new) == nil)
            #expect(await sales.move(deals[1], to: other) == nil)
            try await sales.reacting {
                for _ in 0..<500 where try await sales.stage(of: deals[2]) != new {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(try await sales.stage(of: deals[0]) == old)
                gate.withLock { $0 = true }
                #expect(try await sales.reached(position))
            }
            #expect(try await sales.stage(of: deals[0]) == new)
            #expect(try await sales.stage(of: deals[1]) == other)
            #expect(try await sales.reactions().count == 2)
        }
    }
}
