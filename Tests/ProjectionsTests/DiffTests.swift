import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// What a candidate would change of a table.
@Suite(.timeLimit(.minutes(2))) struct DiffTests {
    private let gained = file("deals.yaml", dealsFile.text.replacing("status: \"won\"", with: "status: \"gained\""))

    @Test func `diff shows row by row what a candidate changes, and changes nothing`() async throws {
        let world = try await World()
        let ids = (0..<3).map { _ in UUID() }.sorted { $0.text < $1.text }
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        try await world.append(
            ids.map { Told(stream: $0, version: 1, type: "deal.opened", data: #"{"title":"T","stage":"new"}"#) })
        try await world.append([
            Told(stream: ids[1], version: 2, type: "deal.won", data: "{}"),
            Told(stream: ids[2], version: 2, type: "deal.removed", data: "{}"),
        ])
        #expect(try await world.settled())
        let same = try await world.models.diff(dealsFile)
        #expect(same.isEqual && same.rows == 2)
        let changed = try await world.models.diff(gained)
        #expect(!changed.isEqual && changed.counts == ["changed": 1] && changed.columns == ["status": 1])
        #expect(changed.changes.map(\.key) == [ids[1].text])
        #expect(changed.changes.first?.columns["status"]?.old == "won")
        #expect(changed.changes.first?.columns["status"]?.new == "gained")
        let more = file(
            "deals.yaml",
            """
            projection: deals
            key: stream
            columns: {stage: json, size: bigint}
            on:
              deal.opened: {stage: .stage, size: .title}
            """)
        let others = try await world.models.diff(more, most: 1)
        #expect(others.newColumns == ["size"] && others.retypedColumns == ["stage"])
        #expect(others.goneColumns.contains("title") && others.held.map(\.streams) == [3])
        #expect(others.counts == ["removed": 2] && others.changes.count == 1)
        let new = try await world.models.diff(
            file("n.yaml", "projection: n\nkey: stream\ncolumns: {a: text}\non: {deal.opened: {a: .stage}}\n"))
        #expect(!new.isDeployed && new.counts == ["added": 3])
        #expect(try await world.models.list().map(\.generation) == [1])
        #expect(try await world.models.list().map(\.versions) == [[]])
        runner.cancel()
        await runner.value
    }

    @Test func `diff keeps personal values to itself unless it is asked for them`() async throws {
        let home = try await Home()
        let id = try await home.person()
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        try await home.living()
        let without = file("deals.yaml", Home.deals.text.replacing("title: .title, ", with: ""))
        for (isShown, old) in [(false, JSON.null), (true, "Ann")] {
            let found = try await home.models.diff(without, catalogue: Home.catalogue, showsPersonal: isShown)
            #expect(found.changes.first?.columns["title"]?.old == old)
        }
    }
}
