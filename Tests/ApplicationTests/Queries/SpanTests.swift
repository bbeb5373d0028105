import Application
import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

extension QueriesTests {
    /// Time in stages and moved close days, against loops over the events.
    @Suite struct Spans {
        private struct Span: Equatable {
            var deal: UUID
            var stage: String
            var entered: Instant
            var left: Instant?
        }

        /// The stages of deals, told one after the other.
        private func naive(_ ledger: Ledger) -> [UUID: [Span]] {
            var spans: [UUID: [Span]] = [:]
            for line in ledger.lines {
                let data = line.event.data
                let stage: JSON? =
                    switch line.event.type {
                    case "deal.opened", "deal.won", "deal.lost", "deal.reopened": data["stage_id"]
                    case "deal.moved": data["to"]
                    default: nil
                    }
                guard let stage = stage?.string, spans[line.stream]?.last?.stage != stage else { continue }
                if let last = spans[line.stream]?.indices.last { spans[line.stream]?[last].left = line.at }
                spans[line.stream, default: []].append(Span(deal: line.stream, stage: stage, entered: line.at))
            }
            return spans
        }

        private func check(
            _ ledger: Ledger, _ history: SalesHistory, _ home: QueriesHome, _ moment: [Parameter]
        ) async throws {
            let caller = Caller.of(ledger.organization)
            let spans = naive(ledger)
            for (deal, wanted) in spans {
                let found = try await home.queries.spans(deal, moment, by: caller).json["stages"]?.array ?? []
                #expect(found.compactMap { $0["stage_id"]?.string } == wanted.map(\.stage))
                #expect(found.compactMap { $0["entered_at"]?.string } == wanted.map(\.entered.text))
                #expect(found.map { $0["left_at"]?.string } == wanted.map { $0.left?.text })
                for (span, one) in zip(found, wanted) {
                    guard let left = one.left else { continue }
                    let seconds = Double(left.microseconds - one.entered.microseconds) / 1_000_000
                    #expect(abs((span["seconds"]?.double ?? -1) - seconds) <= 0.5)
                }
            }
            // Archived deals have times of their own, and none in the report.
            let archived = Set(ledger.lines.filter { $0.event.type == "deal.archived" }.map(\.stream))
            let counted = spans.values.flatMap { $0 }.filter { !archived.contains($0.deal) }
            let report = try await home.queries.stagesReport(moment, by: caller).json.rows
            let stages = history.stages.filter { stage in counted.contains { $0.stage == stage.id.text } }
            #expect(report.compactMap { $0["stage_name"]?.string } == stages.map(\.name))
            for (row, stage) in zip(report, stages) {
                let own = counted.filter { $0.stage == stage.id.text }
                let times = own.compactMap { span in
                    span.left.map { (Double($0.microseconds - span.entered.microseconds) / 1_000_000).rounded() }
                }.sorted()
                #expect(row["entries"]?.integer == Int64(own.count) && row["left"]?.integer == Int64(times.count))
                #expect(row["now"]?.integer == Int64(own.count - times.count))
                #expect(row["deals"]?.integer == Int64(Set(own.map(\.deal)).count))
                let mean = times.isEmpty ? nil : times.reduce(0, +) / Double(times.count)
                let median = times.isEmpty ? nil : (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
                for (name, wanted) in [("mean_seconds", mean), ("median_seconds", median)] {
                    let found = row[name]?.double
                    #expect((found == nil) == (wanted == nil) && abs((found ?? 0) - (wanted ?? 0)) <= 1, "\(name)")
                }
            }
        }

        @Test func `time in stages is what the events say, now and as of any moment`() async throws {
            let history = try SalesHistory(seed: 41, deals: 50)
            history.ledger.recordLate(30 * 86_400_000_000)
            let home = try await QueriesHome([history.ledger])
            try await check(history.ledger, history, home, [])
            let line = history.ledger.lines[history.ledger.lines.count / 2]
            try await check(
                history.ledger.filter { $0.at <= line.at }, history, home, [.init("as_of", line.at.text)])
            try await check(
                history.ledger.filter { $0.recorded <= line.recorded }, history, home,
                [.init("as_known", line.recorded.text)])
            let (queries, caller) = (home.queries, Caller.of(history.ledger.organization))
            let none = try await queries.stagesReport([.init("from", "2030-01-01")], by: caller).json.rows
            #expect(none == [])
            for (name, value) in [("from", "x"), ("stage", "x"), ("sort", "kind"), ("kind", "")] {
                let code = await code { try await queries.stagesReport([.init(name, value)], by: caller) }
                #expect(code == "parameter.invalid" || code == "parameter.unknown", "\(name)=\(value)")
            }
            #expect(await code { try await queries.spans(UUID(), [], by: caller) } == "deal.not_found")
            let stranger = Caller.of(UUID())
            #expect(await code { try await queries.spans(line.stream, [], by: stranger) } == "deal.not_found")
            #expect(try await queries.stagesReport([], by: stranger).json.rows == [])
        }

        @Test func `how often a close was put off counts from the first event on, also where it was imported later`()
            async throws
        {
            let ledger = Ledger()
            let today = try #require(Instant("2026-02-01T09:00:00Z"))
            let deal = UUID()
            func at(_ day: String) throws -> Instant { try #require(Instant(day + "T12:00:00Z")) }
            let opened = Record(["title": "Old", "expected_close": "2025-03-31"])
            try ledger.tell(deal, Deal.Event.opened(opened), at: at("2025-01-10"), recorded: today)
            for (day, close) in [
                ("2025-03-20", "2025-04-30"), ("2025-04-01", "2025-04-15"), ("2025-04-10", nil),
                ("2025-04-11", "2025-06-15"), ("2025-05-01", "2025-06-15"),
            ] {
                let patch: [String: JSON] = ["expected_close": close.map { .string($0) } ?? .null]
                try ledger.tell(deal, Deal.Event.edited(set: Patch(patch)), at: at(day), recorded: today)
            }
            let home = try await QueriesHome([ledger])
            func pushes(_ moment: [Parameter]) async throws -> JSON? {
                try await home.queries.spans(deal, moment, by: .of(ledger.organization)).json["expected_close"]
            }
            #expect(
                try await pushes([]) == [
                    "first": "2025-03-31", "pushes": 2, "pushed_days": .integer(30 + 61), "pulls": 1,
                    "pulled_days": 15,
                ])
            #expect(
                try await pushes([.init("as_of", "2025-03-31")]) == [
                    "first": "2025-03-31", "pushes": 1, "pushed_days": 30, "pulls": 0, "pulled_days": 0,
                ])
            let unknown = [Parameter("as_known", "2025-12-31")]
            #expect(
                await code { try await home.queries.spans(deal, unknown, by: .of(ledger.organization)) }
                    == "deal.not_found")
        }
    }
}
