import Foundation
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@testable import Projections

/// Versions of rows: kept live and by a rebuild, told apart, and found again at any moment.
@Suite(.timeLimit(.minutes(3))) struct HistoryTests {
    static let whole = file("deals.yaml", dealsFile.text + "history: all\n")
    static let spans = file(
        "spans.yaml",
        """
        projection: spans
        key: stream
        columns: {stage: text, title: text, moves: bigint, status: text}
        on:
          deal.opened: {stage: .stage, title: .title, moves: 0, status: open}
          deal.moved: {stage: .to, moves: {add: 1}}
          deal.edited: {merge: .set}
          deal.won: {status: won}
          deal.customized: {}
          deal.removed: remove
        history: [stage, title]
        """)

    @Test(arguments: [61, 62, 63])
    func `the live tail, a rebuild and the plainest fold keep the same versions`(seed: Int) async throws {
        let world = try await World(seed: UInt64(seed))
        var backdated = Backdated(seed: UInt64(seed), streams: 20)
        try await world.models.deploy([Self.whole, Self.spans])
        let runner = world.runner()
        var events: [Told] = []
        for size in [1, 300, 1, 1200, 7] {
            let more = backdated.next(size)
            try await world.append(more)
            events += more
            #expect(try await world.settled(2), "seed \(seed)")
        }
        runner.cancel()
        await runner.value
        try await Self.expectEqual(world, events, "tail, seed \(seed)")
        try await world.models.rebuild()
        try await Self.expectEqual(world, events, "rebuild, seed \(seed)")
        try await world.models.drop()
        #expect(try await world.number("SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_history%'") == 0)
    }

    /// Of so many events, some of one organization and some of many, the versions are put down while the log is read.
    @Test func `a log longer than what is held in memory at once keeps all versions`() async throws {
        let world = try await World()
        var backdated = Backdated(seed: 71, streams: 3000)
        let events = backdated.next(101_000)
        try await world.append(events)
        for other in 0..<3 {
            var random = Seeded(UInt64(other) + 800)
            var few = Backdated(seed: UInt64(other), streams: 4)
            try await world.append(few.next(50), to: random.uuid())
        }
        try await world.models.deploy([Self.whole, Self.spans])
        let ended = try Plain(events).ended.count
        let own = "WHERE organization_id = '\(world.organization)'"
        #expect(try await world.number("SELECT count(*) FROM read.deals_history \(own)") == Int64(ended))
        for found in try await world.models.verify() { #expect(found.equal, "\(found.differences.prefix(3))") }
    }

    @Test func `a version that is not what the log says is found`() async throws {
        let world = try await World()
        var backdated = Backdated(seed: 81, streams: 5)
        try await world.append(backdated.next(200))
        try await world.models.deploy([Self.whole])
        let first = "WHERE ctid = (SELECT min(ctid) FROM read.deals_history)"
        try await world.execute("UPDATE read.deals_history SET stage = 'x', until_position = 7 \(first)")
        var found = try #require(try await world.models.verify().first)
        #expect(Set(found.differences.map(\.table)) == ["deals_history"])
        #expect(Set(found.differences.map(\.column)) == ["stage", "until_position"])
        try await world.execute("DELETE FROM read.deals_history WHERE stage = 'x'")
        found = try #require(try await world.models.verify().first)
        #expect(found.differences.map(\.kind) == [.missing])
    }

    @Test func `healing makes the versions of a stream anew`() async throws {
        let world = try await World()
        let text = Self.whole.text.replacing("custom: json", with: "custom: json\n  size: bigint").replacing(
            "deal.won:", with: "deal.noted: {size: .x}\n  deal.won:")
        try await world.models.deploy([file("deals.yaml", text)])
        let runner = world.runner()
        let id = UUID()
        try await world.append([
            Told(stream: id, version: 1, type: "deal.opened", data: #"{"title":"A"}"#),
            Told(stream: id, version: 2, type: "deal.moved", data: #"{"to":"won"}"#),
            Told(stream: id, version: 3, type: "deal.noted", data: #"{"x":"y"}"#),
            Told(stream: id, version: 4, type: "deal.moved", data: #"{"to":"lost"}"#),
        ])
        #expect(try await world.settled())
        #expect(try await world.number("SELECT count(*) FROM read.deals_history") == 1)
        let better = text.replacing("deal.noted: {size: .x}", with: "deal.noted: {}")
        _ = try await world.pool.run { connection in
            try connection.query(Statement("UPDATE read.projection SET definition = $1") { $0.text(better) })
        }
        #expect(try await world.models.heal().map(\.healed) == [1])
        #expect(try await world.number("SELECT count(*) FROM read.deals_history") == 3)
        for found in try await world.models.verify() { #expect(found.differences == []) }
        runner.cancel()
        await runner.value
    }

    /// Rows and versions of both tables are as the plainest fold has them, and `verify` says so too.
    static func expectEqual(_ world: World, _ events: [Told], _ what: String) async throws {
        let plain = try Plain(events)
        #expect(try await LiveTests.lines(world) == plain.rows, "\(what)")
        #expect(try await LiveTests.lines(world, "deals_history") == plain.ended, "\(what)")
        #expect(try await LiveTests.lines(world, "spans_history") == plain.spans, "\(what)")
        for found in try await world.models.verify() { #expect(found.equal, "\(what): \(found.differences.prefix(3))") }
    }
}

/// Random histories whose events are recorded later than they occurred, each stream at its own pace, with many at one
/// and the same moment.
struct Backdated {
    static let start: Int64 = 1_600_000_000_000_000
    private var histories: Histories
    private var random: Seeded
    private var occurred: [UUID: Int64] = [:]

    init(seed: UInt64, streams: Int) {
        histories = Histories(seed: seed, streams: streams)
        random = Seeded(seed &+ 7)
    }

    mutating func next(_ count: Int) -> [Told] {
        histories.next(count).map { event in
            var event = event
            let recorded = Self.start + event.position / 4 * 1_000_000
            let last = occurred[event.stream] ?? Self.start - 3_000_000_000
            event.recordedAt = recorded
            event.occurredAt = random.chance(40) ? last : last + Int64(random.next() % UInt64(recorded - last + 1))
            occurred[event.stream] = event.occurredAt
            return event
        }
    }
}

/// Versions in the plainest way: what a row was before each event.
struct Plain {
    private(set) var ended: [String] = []
    private(set) var spans: [String] = []
    private var naive = Naive()
    private var recorded: [UUID: Int] = [:]
    private var since: [UUID: [String: Any]] = [:]

    init(_ events: [Told]) throws {
        for event in events { try apply(event) }
        ended.sort()
        spans.sort()
    }

    private mutating func apply(_ event: Told) throws {
        guard event.type != "deal.noted" else { return }
        let (id, before) = (event.stream, naive.rows[event.stream])
        try naive.apply(event)
        let after = naive.rows[id]
        let until: [String: Any] = [
            "until_at": event.occurredAt, "until_recorded_at": event.recordedAt ?? 0,
            "until_position": Int(event.position), "id": id.uuidString.lowercased(),
        ]
        if let before {
            let at: [String: Any] = ["recorded_at": recorded[id] ?? 0]
            ended.append(Rendered.line(before.merging(at) { $1 }.merging(until) { $1 }))
        }
        recorded[id] = Int(event.recordedAt ?? 0)
        let names = ["stage", "title"]
        if let before, let after, names.allSatisfy({ before[$0] as? String == after[$0] as? String }) { return }
        if let before {
            let watched = before.filter { names.contains($0.key) }
            spans.append(Rendered.line(watched.merging(since[id] ?? [:]) { $1 }.merging(until) { $1 }))
        }
        since[id] = [
            "since_at": event.occurredAt, "since_recorded_at": event.recordedAt ?? 0,
            "since_position": Int(event.position),
        ]
    }

    /// Count and sum by stage and currency.
    var totals: [String] { naive.totals }
    /// One line a row, by id.
    var rows: [String] {
        naive.rows.map { id, row in
            let more: [String: Any] = ["id": id.uuidString.lowercased(), "recorded_at": recorded[id] ?? 0]
            return Rendered.line(row.merging(more) { $1 })
        }.sorted()
    }
}
