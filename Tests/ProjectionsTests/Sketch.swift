import Foundation
import Kernel

/// One random projection: its file, and the same said once more in the plainest way, by closures over dictionaries.
struct Sketch {
    /// What an expression is told.
    struct Context {
        var event: Told
        var data: [String: Any]
        var item: Any?
        var name: String?
        var index: Int?
    }
    /// A piece of the file, and what it means; nil: nothing.
    struct Piece {
        var yaml: String
        var value: (Context) -> Any?
    }
    struct Test {
        var yaml: String
        var holds: (Context) -> Bool
    }
    struct Change {
        var column: String
        var yaml: String
        var change: (inout [String: Any], Context) -> Void
    }
    struct Case {
        var each: String?
        var when: Test?
        var key: [Piece]
        var changes: [Change]
        var removes: Bool
    }

    static let types = ["item.put", "item.changed", "order.placed", "order.closed"]
    static let columns = [
        "words": "text", "n": "bigint", "total": "bigint", "on_day": "date", "seen_at": "timestamptz",
        "urgent": "boolean", "who": "uuid", "many": "json", "some": "json", "thing": "json",
    ]
    let key: [(name: String, type: String)]
    private(set) var handlers: [(event: String, cases: [Case])] = []

    init(seed: UInt64) {
        var random = Seeded(seed)
        let keys: [[(name: String, type: String)]] = [
            [], [("k_id", "uuid")], [("k_text", "text"), ("k_day", "date")], [("k_text", "text")],
            [("k_id", "uuid"), ("k_n", "bigint"), ("k_flag", "boolean")],
        ]
        key = keys[Int(seed) % keys.count]
        for type in Self.types where type == "item.put" || random.chance(85) {
            let count = 1 + Int(random.next() % 3)
            handlers.append((type, (0..<count).map { _ in Self.oneCase(key, &random) }))
        }
    }

    // MARK: - What is in the file?

    var text: String {
        var lines = ["projection: sketch"]
        lines.append("key: " + (key.isEmpty ? "stream" : "[\(key.map(\.name).joined(separator: ", "))]"))
        lines.append("columns:")
        let all = key.map { ($0.name, $0.type) } + Self.columns.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        lines += all.map { "  \($0): \($1)" }
        lines.append("on:")
        for (event, cases) in handlers {
            lines.append("  \(event):")
            for one in cases {
                var members: [String] = []
                if let each = one.each { members.append("each: .\(each)") }
                if let when = one.when { members.append("when: \(when.yaml)") }
                members += zip(key, one.key).map { "\($0.name): \($1.yaml)" }
                members += one.removes ? ["remove: true"] : one.changes.map { "\($0.column): \($0.yaml)" }
                lines.append("    - {\(members.joined(separator: ", "))}")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func oneCase(_ key: [(name: String, type: String)], _ random: inout Seeded) -> Case {
        let each = random.chance(30) ? (random.chance(50) ? "list" : "map") : nil
        let values = key.map { piece($0.type, each != nil, &random) }
        var changes: [Change] = []
        for (name, type) in columns.sorted(by: { $0.key < $1.key }) where random.chance(50) {
            changes.append(change(name, type, each != nil, &random))
        }
        return Case(
            each: each, when: random.chance(50) ? test(each != nil, 2, &random) : nil, key: values, changes: changes,
            removes: random.chance(8))
    }

    // MARK: - What is a value?

    private static func member(_ name: String, _ isItem: Bool) -> Piece {
        Piece(yaml: (isItem ? "$item." : ".") + name) { context in
            some(isItem ? (context.item as? [String: Any])?[name] : context.data[name])
        }
    }

    private static func piece(_ type: String, _ inEach: Bool, _ random: inout Seeded) -> Piece {
        let isItem = inEach && random.chance(60)
        switch (type, random.next() % 4) {
        case ("text", 0):
            let inner = member("t", isItem)
            return Piece(yaml: "{lower: \(inner.yaml)}") { (inner.value($0) as? String)?.lowercased() }
        case ("text", 1): return Piece(yaml: "{month: $occurred_at}") { String(day(of: $0.event.occurredAt).prefix(7)) }
        case ("text", 2):
            let parts = [member("t", isItem), Piece(yaml: "\"-\"") { _ in "-" }, member("w", false)]
            return Piece(yaml: "{concat: [\(parts.map(\.yaml).joined(separator: ", "))]}") { context in
                parts.compactMap { $0.value(context) as? String }.joined()
            }
        case ("text", _): return inEach && random.chance(30) ? name() : member(random.chance(50) ? "t" : "w", isItem)
        case ("bigint", 0):
            return Piece(yaml: "{length: .list}") { ($0.data["list"] as? [Any])?.count }
        case ("bigint", 1):
            return Piece(yaml: "{days: [.day, $occurred_at]}") { context in
                guard let from = some(context.data["day"]) as? String, let day = Day(from),
                    let to = Day(Self.day(of: context.event.occurredAt))
                else { return nil }
                return Int(to.number - day.number)
            }
        case ("bigint", 2):
            return inEach ? Piece(yaml: "$index") { $0.index } : Piece(yaml: "$position") { Int($0.event.position) }
        case ("bigint", _):
            let inner = member("n", isItem)
            return Piece(yaml: "{first: [\(inner.yaml), 7]}") { inner.value($0) ?? 7 }
        case ("date", 0):
            return Piece(yaml: "{day: .at}") { (some($0.data["at"]) as? String).map { String($0.prefix(10)) } }
        case ("date", 1):
            return Piece(yaml: "{month: .day}") {
                (some($0.data["day"]) as? String).map { String($0.prefix(7)) + "-01" }
            }
        case ("date", _): return member("day", false)
        case ("timestamptz", 0): return Piece(yaml: "$occurred_at") { instant($0.event.occurredAt) }
        case ("timestamptz", _): return member("at", false)
        case ("boolean", 0): return Piece(yaml: "true") { _ in true }
        case ("boolean", _): return Piece(yaml: ".flag") { some($0.data["flag"]) as? Bool }
        case ("uuid", 0): return Piece(yaml: "$stream") { $0.event.stream.text }
        case ("uuid", _): return member("u", isItem)
        case ("json", 0):
            let inner = member("n", isItem)
            return Piece(yaml: "{object: {n: \(inner.yaml), at: $occurred_at, kind: x}}") { context in
                var object: [String: Any] = ["at": instant(context.event.occurredAt), "kind": "x"]
                object["n"] = inner.value(context)
                return object
            }
        case (_, _): return member(random.chance(50) ? "tags" : "t", false)
        }
    }
    private static func name() -> Piece {
        Piece(yaml: "{first: [$name, none]}") { $0.name ?? "none" }
    }

    // MARK: - What is a condition?

    private static func test(_ inEach: Bool, _ depth: Int, _ random: inout Seeded) -> Test {
        let isItem = inEach && random.chance(40)
        let (n, t, u) = (member("n", isItem), member("t", isItem), member("u", isItem))
        switch random.next() % (depth > 0 ? 10 : 7) {
        case 0:
            return Test(yaml: "{\(n.yaml): {above: 1.5, at_most: 40}}") { context in
                number(n.value(context)).map { $0 > 1.5 && $0 <= 40 } ?? false
            }
        case 1: return Test(yaml: "{\(t.yaml): Pump}") { t.value($0) as? String == "Pump" }
        case 2:
            return Test(yaml: "{\(t.yaml): {in: [Pump, \"a long word of stages\"]}}") {
                ["Pump", "a long word of stages"].contains(t.value($0) as? String)
            }
        case 3: return Test(yaml: "{\(u.yaml): {is: present}}") { u.value($0) != nil }
        case 4: return Test(yaml: "{.flag: true}") { some($0.data["flag"]) as? Bool == true }
        case 5:
            return Test(yaml: "{.day: {below: 2021-06-01}}") { (some($0.data["day"]) as? String ?? "x") < "2021-06-01" }
        case 6:
            return Test(yaml: "{\(n.yaml): null, $position: {at_least: 3}}") {
                n.value($0) == nil && $0.event.position >= 3
            }
        case 7:
            let (a, b) = (test(inEach, depth - 1, &random), test(inEach, depth - 1, &random))
            return Test(yaml: "{any: [\(a.yaml), \(b.yaml)]}") { a.holds($0) || b.holds($0) }
        case 8:
            let (a, b) = (test(inEach, depth - 1, &random), test(inEach, depth - 1, &random))
            return Test(yaml: "{all: [\(a.yaml), \(b.yaml)]}") { a.holds($0) && b.holds($0) }
        case _:
            let a = test(inEach, depth - 1, &random)
            return Test(yaml: "{not: \(a.yaml)}") { !a.holds($0) }
        }
    }

    // MARK: - What does a column become?

    private static func change(_ name: String, _ type: String, _ inEach: Bool, _ random: inout Seeded) -> Change {
        let value = piece(type, inEach, &random)
        switch (name, random.next() % 3) {
        case ("total", _):
            let isMinus = random.chance(40)
            return Change(column: name, yaml: "{\(isMinus ? "subtract" : "add"): \(value.yaml)}") { row, context in
                guard let number = value.value(context) as? Int else { return }
                row[name] = (row[name] as? Int ?? 0) + (isMinus ? -number : number)
            }
        case ("many", _):
            return Change(column: name, yaml: "{append: \(value.yaml)}") { row, context in
                guard let found = value.value(context) else { return }
                row[name] = (row[name] as? [Any] ?? []) + (found as? [Any] ?? [found])
            }
        case ("some", let n):
            let tag = member(n == 0 ? "tags" : "t", false)
            let removes = random.chance(35)
            return Change(column: name, yaml: "{\(removes ? "remove" : "collect"): \(tag.yaml)}") { row, context in
                guard let found = tag.value(context) else { return }
                var list = row[name] as? [Any] ?? []
                let old = row[name] != nil
                for one in found as? [Any] ?? [found] {
                    let isThere = list.contains { same($0, one) }
                    if removes { list.removeAll { same($0, one) } } else if !isThere { list.append(one) }
                }
                if old || !removes { row[name] = list }
            }
        case ("thing", 0):
            return Change(column: name, yaml: "{merge: .map}") { row, context in
                guard context.data["map"] != nil else { return }
                guard let patch = some(context.data["map"]) as? [String: Any] else {
                    row[name] = nil
                    return
                }
                var object = row[name] as? [String: Any] ?? [:]
                for (name, value) in patch { object[name] = some(value) }
                row[name] = object
            }
        case ("n", 0):
            return Change(column: name, yaml: "{given: .n}") { row, context in
                if let found = context.data["n"] { row[name] = some(found) }
            }
        case (_, 1) where type != "json": return Change(column: name, yaml: "null") { row, _ in row[name] = nil }
        case (_, _):
            return Change(column: name, yaml: value.yaml) { row, context in row[name] = value.value(context) }
        }
    }

    private static func same(_ a: Any, _ b: Any) -> Bool {
        if let a = a as? String { return a == b as? String }
        return number(a) == number(b) && !(b is String)
    }
    private static func number(_ value: Any?) -> Double? { (value as? NSNumber)?.doubleValue }
    private static func some(_ value: Any?) -> Any? { value is NSNull ? nil : value }
    private static func instant(_ at: Int64) -> String { Instant(microseconds: at).text }
    private static func day(of at: Int64) -> String { String(instant(at).prefix(10)) }
}

// MARK: - What do its rows say?

extension Sketch {
    /// The rows, event by event, in the form of `Naive.lines`.
    func lines(_ events: [Told]) throws -> [String] {
        var rows: [String: [String: Any]] = [:]
        for event in events {
            guard let cases = handlers.first(where: { $0.event == event.type })?.cases,
                let data = try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any]
            else { continue }
            for one in cases {
                for context in contexts(of: one, event, data) { apply(one, context, &rows) }
            }
        }
        return rows.values.map { Rendered.line($0) }.sorted()
    }

    private func contexts(of one: Case, _ event: Told, _ data: [String: Any]) -> [Context] {
        let whole = Context(event: event, data: data)
        guard let each = one.each else { return [whole] }
        if let list = data[each] as? [Any] {
            return list.enumerated().map { Context(event: event, data: data, item: $1, index: $0) }
        }
        guard let map = data[each] as? [String: Any] else { return [] }
        // The generator writes its members in the order of their names.
        return map.keys.sorted().enumerated().map {
            Context(event: event, data: data, item: map[$1], name: $1, index: $0)
        }
    }

    private func apply(_ one: Case, _ context: Context, _ rows: inout [String: [String: Any]]) {
        if let when = one.when, !when.holds(context) { return }
        let values = one.key.map { $0.value(context) }
        if values.contains(where: { $0 == nil }) { return }
        let name = key.isEmpty ? context.event.stream.text : values.map { "\($0 ?? "")" }.joined(separator: "|")
        if one.removes {
            rows[name] = nil
            return
        }
        var row = rows[name] ?? ["created_at": Int(context.event.occurredAt)]
        for (column, value) in zip(key, values) { row[column.name] = value }
        if key.isEmpty {
            row["id"] = context.event.stream.text
            row["version"] = Int(context.event.version)
        }
        row["position"] = Int(context.event.position)
        row["updated_at"] = Int(context.event.occurredAt)
        for change in one.changes { change.change(&row, context) }
        rows[name] = row
    }
}

/// Random events for it.
struct SketchEvents {
    private var random: Seeded
    private let streams: [UUID]
    private let others: [UUID]
    private var versions: [UUID: Int32] = [:]
    private var position: Int64 = 0

    init(seed: UInt64) {
        random = Seeded(seed &+ 7)
        var ids = Seeded(seed &+ 1000)
        streams = (0..<12).map { _ in ids.uuid() }
        others = (0..<4).map { _ in ids.uuid() }
    }

    mutating func next(_ count: Int) -> [Told] { (0..<count).map { _ in next() } }

    private mutating func next() -> Told {
        let n = Int(random.next() % 12)
        let stream = streams[n]
        versions[stream, default: 0] += 1
        position += 1
        let type = (n < 8 ? ["item.put", "item.changed"] : ["order.placed", "order.closed"])[Int(random.next() % 2)]
        return Told(
            stream: stream, version: versions[stream] ?? 1, type: type, data: data(),
            occurredAt: 1_600_000_000_000_000 + position * 7_777_777_777, position: position)
    }

    private mutating func data() -> String {
        let list = (0..<random.next() % 4).map { _ in random.chance(10) ? "null" : item() }.joined(separator: " , ")
        let names = ["alpha", "beta", "gamma"].filter { _ in random.chance(60) }
        let map = names.map { "\"\($0)\":\(random.chance(20) ? "null" : item())" }.joined(separator: ",")
        let tags = (0..<random.next() % 4).map { _ in tag() }.joined(separator: ", ")
        return object([
            ("n", number()), ("t", text()), ("w", text()), ("u", id()), ("flag", random.chance(50) ? "true" : "false"),
            ("tags", "[\(tags)]"), ("day", "\"202\(random.next() % 3)-0\(1 + random.next() % 9)-11\""),
            ("at", "\"2021-0\(1 + random.next() % 9)-28T23:59:5\(random.next() % 10)Z\""), ("list", "[\(list)]"),
            ("map", "{\(map)}"),
        ])
    }
    private mutating func item() -> String { object([("n", number()), ("t", text()), ("u", id())]) }
    private mutating func object(_ members: [(String, String)]) -> String {
        var parts: [String] = []
        for (name, value) in members where !random.chance(20) {
            parts.append("\"\(name)\":\(random.chance(8) ? "null" : value)")
        }
        return "{\(parts.joined(separator: ","))}"
    }
    private mutating func number() -> String { "\(Int64(random.next() % 90) - 30)" }
    private mutating func text() -> String {
        [
            "\"Pump\"", "\"a long word of stages\"", "\"Gr\\u00f6\\u00dfe\"", "\"\"", "\"ÄÖ\"", "\"q\\\"q\"", "\"x\"",
        ][Int(random.next() % 7)]
    }
    private mutating func tag() -> String {
        ["1", "1.0", "1e0", "\"1\"", "2.50", "25e-1", "\"\\u0061\"", "\"a\"", "\"b\""][Int(random.next() % 9)]
    }
    private mutating func id() -> String { "\"\(others[Int(random.next() % 4)].text)\"" }
}
