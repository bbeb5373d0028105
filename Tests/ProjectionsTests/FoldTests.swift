import Foundation
import Kernel
import Postgres
import Testing

@testable import Projections

@Suite struct FoldTests {
    private func engine(_ events: [Told], _ text: String = dealsFile.text) throws -> Engine {
        let engine = try Engine(file: "deals.yaml", text: text)
        engine.apply(events)
        return engine
    }

    @Test(arguments: 1...60)
    func `random histories fold as the plainest fold does`(seed: Int) throws {
        var histories = Histories(seed: UInt64(seed), streams: 1 + seed % 40)
        let events = histories.next(400)
        var naive = Naive()
        for event in events { try naive.apply(event) }
        let engine = try engine(events)
        #expect(engine.projections[0].holds == [], "seed \(seed)")
        #expect(try engine.lines() == naive.lines, "seed \(seed)")
        #expect(engine.seen.count == Int64(events.count))
    }

    private func told(_ n: Int64, _ version: Int32, _ type: String, _ data: String, _ stream: UUID) -> Told {
        Told(stream: stream, version: version, type: type, data: data, position: n)
    }

    @Test func `an event that cannot be applied changes nothing and holds its stream, and no other`() throws {
        let (a, b) = (UUID(), UUID())
        let engine = try engine([
            told(1, 1, "deal.opened", #"{"title":"A","amount":{"minor":5}}"#, a),
            told(2, 1, "deal.opened", #"{"title":"B"}"#, b),
            told(3, 2, "deal.edited", #"{"set":{"title":"never seen","owner":"no uuid"}}"#, a),
            told(4, 3, "deal.moved", #"{"to":"offer"}"#, a),
            told(5, 2, "deal.moved", #"{"to":"offer"}"#, b),
        ])
        let projection = engine.projections[0]
        #expect(
            projection.holds == [
                Hold(stream: Cell(a), position: 3, version: 2, code: "wrong_type", column: "owner")
            ])
        #expect(projection.waiting.count == 2)
        #expect(engine.seen.count == 5)
        let rows = try engine.lines()
        #expect(rows.count == 2)
        #expect(rows.contains { $0.contains(#""title":"A""#) && $0.contains(#""version":1"#) && !$0.contains("offer") })
        #expect(rows.contains { $0.contains(#""title":"B""#) && $0.contains(#""stage":"offer""#) })
    }

    @Test func `a gap in a stream's versions is refused, never skipped`() throws {
        let a = UUID()
        let engine = try engine([
            told(1, 1, "deal.opened", #"{"title":"A"}"#, a), told(2, 3, "deal.moved", #"{"to":"offer"}"#, a),
            told(3, 4, "deal.moved", #"{"to":"won"}"#, a),
        ])
        #expect(engine.projections[0].holds.map(\.code) == ["version_gap"])
        #expect(engine.projections[0].waiting.count == 2)
        #expect(try engine.lines().first?.contains("stage") == false)
    }

    @Test func `a sum beyond 64 bits holds the stream instead of wrapping`() throws {
        let a = UUID()
        let engine = try engine([
            told(1, 1, "deal.moved", #"{"points":9223372036854775807}"#, a),
            told(2, 2, "deal.moved", #"{"points":1}"#, a),
        ])
        #expect(engine.projections[0].holds.map(\.code) == ["overflow"])
        #expect(engine.projections[0].holds.map(\.column) == ["points"])
    }

    @Test func `a text of megabytes grows in a json column and stays whole`() throws {
        let a = UUID()
        let long = String(repeating: "x", count: 60_000)
        let events = (1...40).map {
            told(Int64($0), Int32($0), "deal.customized", "{\"custom\":{\"k\($0)\":\"\(long)\"}}", a)
        }
        let line =
            try engine(events + [told(41, 41, "deal.edited", #"{"set":{"title":"after"}}"#, a)]).lines().first ?? ""
        #expect(line.utf8.count > 40 * 60_000)
        #expect(line.contains("\"title\":\"after\""))
    }

    @Test func `more than sixty-four columns and texts of all lengths keep their places`() throws {
        let columns = (0..<120).map { "c\($0): text" }.joined(separator: ", ")
        let text = "projection: wide\nkey: stream\ncolumns: {\(columns)}\non:\n  wide.set: {merge: .set}\n"
        let a = UUID()
        let members = (0..<120).map { "\"c\($0)\":\"\(String(repeating: "ä", count: $0))\"" }.joined(separator: ",")
        let engine = try engine(
            [told(1, 1, "wide.set", "{\"set\":{\(members)}}", a), told(2, 2, "wide.set", #"{"set":{"c70":null}}"#, a)],
            text)
        let row = engine.projections[0].rows.table[0]
        for i in 0..<120 {
            #expect(row.has(i) == (i != 70))
            #expect(row.column(i).pointee.length == (i == 70 ? 0 : 2 * i))
        }
    }

    @Test func `leaf sums do not depend on order, and an event more or less shows`() {
        var random = Seeded(3)
        let leaves = (0..<50).map { _ in (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        func sum(_ leaves: [[UInt8]]) -> LeafSum {
            leaves.reduce(into: LeafSum()) { sum, leaf in leaf.withUnsafeBytes { sum.add(leaf: $0.baseAddress!) } }
        }
        let all = sum(leaves)
        #expect(sum(leaves.reversed()) == all)
        #expect(sum(Array(leaves.dropLast())) != all)
        var rest = all
        rest.subtract(sum(Array(leaves.prefix(20))))
        #expect(rest == sum(Array(leaves.dropFirst(20))))
        let stored = all.bytes.withUnsafeBytes { LeafSum(count: 50, bytes: $0) }
        #expect(stored == all)
        let ones = [UInt8](repeating: 0xFF, count: 32)
        #expect(sum([ones, ones]).bytes == [UInt8](repeating: 0xFF, count: 31) + [0xFE])
    }
}
