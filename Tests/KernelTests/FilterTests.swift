import Kernel
import Testing

@Suite struct FilterTests {
    private func filter(_ text: String) throws -> Filter { try Filter(text) }
    /// The place at which a text is refused.
    private func place(_ text: String) -> Int? {
        do throws(Filter.Flaw) {
            _ = try Filter(text)
            return nil
        } catch { return error.place }
    }

    @Test func `tests are joined by and, or, not, as deep as one likes`() throws {
        let read = try filter("and(stage_id.eq.X,or(amount.gte.5,not(owner_id.null.true)))")
        #expect(
            read
                == .all([
                    .test(.init("stage_id", .equal, ["X"])),
                    .any([
                        .test(.init("amount", .gte, ["5"])), .not(.test(.init("owner_id", .null, ["true"]))),
                    ]),
                ]))
        #expect(read.tests.map(\.place) == [5, 22, 39])
    }
    @Test func `a name may have dots, and so may a value`() throws {
        #expect(try filter("amount.currency.eq.USD") == .test(.init("amount.currency", .equal, ["USD"])))
        #expect(try filter("custom.eq.gte.1.5") == .test(.init("custom.eq", .gte, ["1.5"])))
        #expect(try filter("website.eq.a.eq.example.com") == .test(.init("website", .equal, ["a.eq.example.com"])))
        #expect(try filter("and.eq.1") == .test(.init("and", .equal, ["1"])))
    }
    @Test func `several values stand in brackets`() throws {
        #expect(try filter("size.in.(small, medium)") == .test(.init("size", .in, ["small", "medium"])))
        #expect(try filter("amount.between.(1,5)") == .test(.init("amount", .between, ["1", "5"])))
        #expect(place("size.in.small") == 9)
        #expect(place("amount.between.(1)") == 16)
    }
    @Test func `what would end a value stands in quotes`() throws {
        #expect(try filter(#"name.eq."A, B (\"C\") \\ D""#) == .test(.init("name", .equal, [#"A, B ("C") \ D"#])))
        #expect(try filter(#"name.eq." a ""#) == .test(.init("name", .equal, [" a "])))
        #expect(
            try filter(" and( name.eq.Acme Inc , size.eq.small ) ").tests.map(\.values) == [["Acme Inc"], ["small"]])
    }
    @Test(arguments: [
        ("", 1), ("and", 1), ("and()", 5), ("and(a.eq.1", 11), ("and(a.eq.1,)", 12), ("xor(a.eq.1)", 1),
        ("a.eq.1)", 7), ("a.eq.1,b.eq.2", 7), ("a.like.1", 1), ("a.eq", 1), ("a.eq.", 6), (".eq.1", 1), ("eq.1", 1),
        ("a..eq.1", 1), ("a.eq.\"x", 6), ("a.eq.\"x\"y", 9), ("a.eq.x\"", 7), ("a.eq.\"\\n\"", 8), ("a.eq.b(c)", 7),
        ("a.eq.- b(c)", 9), ("not(a.eq.1,b.eq.2)", 11), ("a=1", 1), ("or(a.eq.1;b.eq.2)", 0),
    ])
    func `what is not understood is refused with its place`(text: String, at expected: Int) {
        // A semicolon is a character like any other: it is part of the value.
        if expected > 0 { #expect(place(text) == expected, "\(text)") } else { #expect(place(text) == nil) }
    }
    @Test func `a filter has limits`() throws {
        let deep = String(repeating: "not(", count: 9) + "a.eq.1" + String(repeating: ")", count: 9)
        #expect(place(deep) == 37)
        #expect(place("and(\((0...50).map { "a.eq.\($0)" }.joined(separator: ",")))") != nil)
        #expect(place("a.in.(\((0...100).map(String.init).joined(separator: ",")))") == 6)
        #expect(place("a.eq." + String(repeating: "x", count: 4_000)) == 1)
    }
    @Test func `what is written is read as the same`() throws {
        var random = Seeded(7)
        for _ in 0..<2_000 {
            let filter = Filter.arbitrary(&random, depth: 3)
            #expect(try Filter(filter.text) == filter, "\(filter.text)")
        }
    }
    @Test func `no text makes it trap, and what is taken is written and taken again`() throws {
        var random = Seeded(8)
        let pieces = ["and(", "or(", "not(", ")", ",", "a", ".eq.", ".in.(", "\"", "\\", " ", "é", "custom.", ".", "1"]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            if let read = try? Filter(text) { #expect(try Filter(read.text) == read, "\(text)") }
        }
    }
}

extension Filter {
    fileprivate static func arbitrary(_ random: inout Seeded, depth: Int) -> Filter {
        func parts() -> [Filter] {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in arbitrary(&random, depth: depth - 1) }
        }
        switch depth == 0 ? 3 : Int.random(in: 0...4, using: &random) {
        case 0: return .all(parts())
        case 1: return .any(parts())
        case 2: return .not(arbitrary(&random, depth: depth - 1))
        case _:
            let comparison = Comparison.allCases.randomElement(using: &random) ?? .equal
            let values = ["x", "Acme, Inc.", "(a)", "\"", "\\", " a", "a ", "é.eq.1", "2017-03-01", "-5"]
            let count = comparison == .between ? 2 : comparison.takesSeveral ? Int.random(in: 1...3, using: &random) : 1
            let names = ["a", "amount.currency", "custom.eq", "custom.segment"]
            return .test(
                Test(
                    names.randomElement(using: &random) ?? "a", comparison,
                    (0..<count).map { _ in values.randomElement(using: &random) ?? "x" }))
        }
    }
}

/// The same numbers for the same seed.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
