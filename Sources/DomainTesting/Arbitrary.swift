public import FoundationEssentials
public import Kernel

/// Random numbers that a seed repeats: SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014).
public struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The numbers of a seed.
    public init(_ seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    /// A number below `bound`.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
    /// Whether a thing happens that happens once in `n` times.
    public mutating func once(in n: Int) -> Bool { below(n) == 0 }
    /// One of them; they are not empty.
    public mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}

/// Random bodies made of fields: mostly such as would be taken, sometimes not.
public struct Arbitrary: Sendable {
    /// Where its numbers come from.
    public var random: Seeded
    /// How many values of a hundred are of no fitting type.
    public var nonsense = 1
    /// Ids to choose from: of records by entity, of parts of records under "".
    public var ids: [String: [UUID]] = [:]

    /// What somebody sends who errs, or who tries: other types, bounds of numbers and what lies behind them, texts that
    /// are one thing to a person and another to a program.
    static let hostile: [JSON] = [
        .null, true, -1, [], [:], [[]], .number(0.5), .number(1e308), .number(-0.0), .integer(.min), .integer(.max),
        "\u{0}", "\u{FEFF}", "\u{202E}abc", "e\u{301}\u{301}\u{301}", "👨‍👩‍👧", "'; DROP TABLE deals; --", "a/b~c", "%00",
        "00000000-0000-0000-0000-000000000000", "2017-02-30", "99999-01-01", "2017-03-01T25:00:00Z", "1e5", "NaN",
        ["minor": .integer(.max), "currency": "USD"], ["minor": 1, "currency": "XXX"], ["minor": "1"],
        ["entity": "organization", "id": "00000000-0000-0000-0000-000000000000"], ["\u{0}": ["": [.null]]],
        .string(String(repeating: "x", count: 30_000)),
    ]

    /// Bodies of a seed.
    public init(_ seed: UInt64) { random = Seeded(seed) }

    /// A body of these fields: required ones nearly always, others at times; in a patch any, and some null.
    public mutating func body(_ fields: [Field], partial: Bool) -> [String: JSON] {
        var body: [String: JSON] = [:]
        let few = partial ? 4 : 3
        for field in fields {
            let isGiven = field.isRequired && !partial ? !random.once(in: 50) : random.once(in: few)
            guard isGiven else { continue }
            let name = random.pick([field.name] + field.aliases)
            body[name] = partial && random.once(in: 6) ? .null : value(field.kind)
        }
        if random.below(1000) < nonsense { body["no_such_member"] = 1 }
        return body
    }

    /// A value of a kind, or now and then of none.
    public mutating func value(_ kind: Field.Kind) -> JSON {
        if random.below(100) < nonsense { return random.pick(Self.hostile) }
        switch kind {
        case .text(let limit), .paragraph(let limit): return .string(text(limit))
        case .integer(let range): return .integer(integer(in: range))
        case .decimal(let range): return .number(Double(random.below(1000)).clamped(to: range))
        case .flag: return .bool(random.once(in: 2))
        case .money:
            let range = random.once(in: 40) ? Money.range : -500...500_000
            return ["minor": .integer(integer(in: range)), "currency": random.pick(["USD", "jpy", "KWD"])]
        case .day:
            if random.once(in: 40) { return random.pick(["0001-01-01", "9999-12-31", "2016-02-29"]) }
            return .string(Day(number: Int32(17_000 + random.below(500))).text)
        case .instant:
            if random.once(in: 40) { return random.pick(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]) }
            return .string(Instant(microseconds: Int64(random.below(2_000_000_000)) * 1_000_000).text)
        case .choice(let words):
            return words.isEmpty ? "none" : .string(random.pick(words + words.map { $0.uppercased() }))
        case .reference(let entity): return .string(id(entity))
        case .id: return .string(id(""))
        case .email: return .string(random.pick(["ann@x.org", "Bob@x.org", "c@y.org", "d.e@z.example", "f@é.org"]))
        case .phone: return random.pick(["+44 20 7946 0018", "+1 (555) 010-0199"])
        case .link: return random.pick(["x.org", "https://Example.com/a?b#c", "http://y.org:8080"])
        case .slug: return random.pick(["acme", "Acme Ltd.", "b-2", "c"])
        case .currency: return random.pick(["USD", "eur"])
        case .zone: return random.pick(["Europe/Paris", "UTC"])
        case .object(let fields): return .object(body(fields, partial: false))
        case .record(let entities):
            let entity = random.pick(entities)
            return ["entity": .string(entity), "id": .string(id(entity))]
        case .anything:
            return random.once(in: 3) ? [:] : ["colour": .string(text()), "steps": [1, .null, ["a": true]]]
        case .value: return random.pick(["a", 5, true])
        case .custom: return random.once(in: 3) ? [:] : ["colour": .string(text()), "year": 1996]
        case .list(of: .id, _) where random.once(in: 3):
            return .array(shuffled(ids["", default: []]).map { .string($0.text) })
        case .list(let kind, _): return .array((0..<random.below(5)).map { _ in value(kind) })
        case .map(let kind, let keys): return map(kind, keys)
        case .entries(let fields, let keys, let by): return entries(fields, keys, by)
        }
    }

    private mutating func map(_ kind: Field.Kind, _ keys: Field.Keys) -> JSON {
        var map: [String: JSON] = [:]
        for _ in 0..<random.below(4) {
            let key =
                switch keys {
                case .name:
                    random.pick(random.once(in: 20) ? ["", "a/b~c", "\u{0}", "__proto__"] : ["a", "b", "linkedin"])
                case .id: id("")
                case .reference(let entity): id(entity)
                case .record(let entities): id(random.pick(entities))
                }
            map[key] = random.once(in: 4) ? .null : value(kind)
        }
        return .object(map)
    }
    private mutating func entries(_ fields: [Field], _ keys: Field.Keys, _ by: String) -> JSON {
        let lone: Field.Kind =
            switch keys {
            case .reference(let entity): .reference(entity)
            case .id, .name, .record: fields.first { $0.name == by }?.kind ?? .id
            }
        switch random.below(3) {
        case 0: return value(lone)
        case 1: return map(.object(fields), keys)
        case _:
            return .array(
                (0..<random.below(4)).map { _ in
                    let only = value(lone)
                    guard random.once(in: 2) else { return only }
                    return .object(body(fields, partial: false).merging([by: only]) { $1 })
                })
        }
    }

    private mutating func shuffled<T>(_ items: [T]) -> [T] {
        var items = items
        for index in items.indices.reversed() { items.swapAt(index, random.below(index + 1)) }
        return items
    }
    private mutating func id(_ entity: String) -> String {
        let known = ids[entity] ?? []
        return (known.isEmpty || random.once(in: 30) ? UUID.number(UInt32(random.below(50))) : random.pick(known)).text
    }
    private mutating func integer(in range: ClosedRange<Int64>) -> Int64 {
        let low = max(range.lowerBound, -1000)
        let high = min(range.upperBound, 1_000_000)
        return random.pick([range.lowerBound, range.upperBound, low + Int64(random.below(Int(high - low) + 1))])
    }
    private mutating func text(_ limit: Int = 100) -> String {
        // What just fits, and what just does not.
        if random.once(in: 200) { return String(repeating: "x", count: limit + random.below(2)) }
        return random.pick([
            "a", "Lead", "lead", "Won", "  two   words ", "Ångström", "e\u{301}", "日本", "x\ny", "\"q\\", "",
        ])
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
