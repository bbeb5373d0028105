import Foundation
import Kernel
import PostgresTesting
import Testing

@testable import Projections

/// What tests of projections find.
@Suite(.timeLimit(.minutes(2))) struct TestFileTests {
    private static let counters = file(
        "counters.yaml",
        """
        projection: counters
        key: stream
        columns: {name: text, n: bigint, at: timestamptz, share: numeric, tags: json}
        on:
          counter.made: {name: .name, at: $occurred_at, share: .share, tags: .tags}
          counter.raised: {n: {add: .by}}
        totals: {by: [name], count: counters, sum: n}
        """)
    private static let catalogue = EventCatalogue(names: ["counter.made", "counter.raised"])

    private func run(_ tests: String) async throws -> TestReport {
        let database = try await TestCluster.shared.database()
        return try await ProjectionTests(database.settings(), catalogue: Self.catalogue, log: quiet)
            .run([Self.counters, file("counters.test.yaml", tests)])
    }

    @Test func `what is as expected is so in all ways of folding`() async throws {
        let report = try await run(
            """
            tests:
              - name: a counter counts
                events:
                  - counter.made: {name: a, share: 1.50, tags: [1, x]}
                    at: 2026-01-05T10:00:00+01:00
                  - counter.raised: {by: 2}
                  - counter.raised: {by: 3}
                  - counter.made: {name: b}
                    stream: $other
                rows:
                  - {id: $other, name: b, n: null, version: 1}
                  - {name: a, n: 5, at: 2026-01-05T09:00:00Z, share: 1.5, tags: [1, x], position: 3}
                totals:
                  - {name: a, counters: 1, n: 5}
                  - {name: b, counters: 1}
              - name: of nothing comes nothing
                events: []
                rows: []
            """)
        #expect(report == TestReport(tests: 2, projections: ["counters"], differences: []))
    }

    @Test func `what differs is told row by row, with the place of what was expected`() async throws {
        let report = try await run(
            """
            tests:
              - name: a counter counts
                events:
                  - counter.made: {name: a}
                  - counter.raised: {by: 2}
                  - counter.made: {name: b}
                    stream: $other
                  - counter.raised: {by: much}
                    stream: $third
                rows:
                  - {name: a, n: 3}
            """)
        #expect(
            report.differences.map(\.description) == [
                "counters.test.yaml:8:9: a counter counts: counter.raised cannot be applied; its stream is held",
                "counters.test.yaml:11:22: a counter counts: n is 2, and 3 is expected",
            ]
                + report.differences.dropFirst(2).map(\.description))
        #expect(report.differences.count == 3)
        #expect(report.differences.last?.line == 11 && report.differences.last?.column == 7)
        #expect(report.differences.last?.message.contains("a row that nobody expects") == true)
        #expect(report.differences.allSatisfy { $0.ways.count == 5 })
    }

    @Test func `a file of tests that is not understood is refused with its place`() async throws {
        func problems(_ tests: String) async throws -> [String] {
            do {
                _ = try await run(tests)
                return []
            } catch let error as Problems { return error.problems.map { "\($0.line):\($0.column): \($0.message)" } }
        }
        #expect(
            try await problems("tests:\n  - {name: x, events: [{counter.mde: {}}], rows: [{nam: a}]}\n") == [
                "2:25: there is no event counter.mde; did you mean counter.made?",
                "2:52: there is no column nam; did you mean name?",
            ])
        #expect(
            try await problems("tests:\n  - {name: x, events: []}\n") == [
                "2:5: a test expects rows or totals; none at all are rows: []"
            ])
        #expect(
            try await problems("projection: countrs\ntests: [x]\n") == [
                "1:13: there is no projection countrs; did you mean counters?"
            ])
    }
}
