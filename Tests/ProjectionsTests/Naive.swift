import Foundation
import Projections

/// The projection that the tests fold: every operation, every type.
let dealsFile = file(
    "deals.yaml",
    """
    projection: deals
    owner: tests
    key: stream
    columns:
      title: text
      stage: text
      owner: uuid
      amount: bigint
      currency: text
      probability: numeric
      close: date
      seen_at: timestamptz
      urgent: boolean
      custom: json
      moves: bigint
      points: bigint
      opened_at: timestamptz
      opened_position: bigint
      opened_by: uuid
      self: uuid
      status: text
    on:
      deal.opened:
        title: .title
        stage: .stage
        owner: .owner
        amount: .amount.minor
        currency: .amount.currency
        custom: .custom
        moves: 0
        opened_at: $occurred_at
        opened_position: $position
        opened_by: $actor
        self: $stream
        status: open
      deal.moved: {stage: .to, moves: {add: 1}, points: {add: .points}}
      deal.edited: {merge: .set, amount: {given: .set.amount.minor}, currency: {given: .set.amount.currency}}
      deal.won: {status: "won", urgent: false, seen_at: null}
      deal.customized: {custom: {merge: .custom}}
      deal.removed: remove
    totals: {by: [stage, currency], count: deals, sum: amount}
    indexes: [[stage, amount], [owner]]

    """)

/// The same, written again in the plainest way: dictionaries, Foundation's JSON, one event after the other.
struct Naive {
    private(set) var rows: [UUID: [String: Any]] = [:]

    mutating func apply(_ event: Told) throws {
        guard let data = try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any] else { return }
        guard event.type.hasPrefix("deal."), event.type != "deal.noted" else { return }
        var row = rows[event.stream] ?? [:]
        if rows[event.stream] == nil { row["created_at"] = event.occurredAt }
        row["version"] = Int(event.version)
        row["position"] = Int(event.position)
        row["updated_at"] = event.occurredAt
        change(&row, event, data)
        rows[event.stream] = event.type == "deal.removed" ? nil : row
    }

    private func change(_ row: inout [String: Any], _ event: Told, _ data: [String: Any]) {
        switch event.type {
        case "deal.opened":
            let amount = data["amount"] as? [String: Any]
            for name in ["title", "stage", "owner", "custom"] { row[name] = some(data[name]) }
            row["amount"] = some(amount?["minor"])
            row["currency"] = some(amount?["currency"])
            row["moves"] = 0
            row["opened_at"] = event.occurredAt
            row["opened_position"] = Int(event.position)
            row["opened_by"] = event.actor.uuidString.lowercased()
            row["self"] = event.stream.uuidString.lowercased()
            row["status"] = "open"
        case "deal.moved":
            row["stage"] = some(data["to"])
            row["moves"] = (row["moves"] as? Int ?? 0) + 1
            if let points = data["points"] as? Int { row["points"] = (row["points"] as? Int ?? 0) + points }
        case "deal.edited":
            let set = data["set"] as? [String: Any] ?? [:]
            for name in ["title", "stage", "owner", "probability", "close", "seen_at", "urgent"] {
                if let value = set[name] { row[name] = some(value) }
            }
            if let custom = set["custom"] { row["custom"] = merged(row["custom"], custom) }
            if let amount = set["amount"] as? [String: Any] {
                for (name, member) in [("amount", "minor"), ("currency", "currency")] {
                    if let value = amount[member] { row[name] = some(value) }
                }
            } else if set["amount"] != nil {
                (row["amount"], row["currency"]) = (nil, nil)
            }
        case "deal.won": (row["status"], row["urgent"], row["seen_at"]) = ("won", false, nil)
        case "deal.customized": if let custom = data["custom"] { row["custom"] = merged(row["custom"], custom) }
        default: break
        }
    }

    private func some(_ value: Any?) -> Any? { value is NSNull ? nil : value }
    private func merged(_ old: Any?, _ patch: Any) -> Any? {
        guard let patch = patch as? [String: Any] else { return some(patch) }
        var object = old as? [String: Any] ?? [:]
        for (name, value) in patch { object[name] = value is NSNull ? nil : value }
        return object
    }

    /// One line a row, by id: what `Rendered` makes of a table's row must be the same.
    var lines: [String] {
        rows.map { id, row in
            var row = row
            row["id"] = id.uuidString.lowercased()
            return Rendered.line(row)
        }.sorted()
    }

    /// Count and sum by stage and currency.
    var totals: [String] {
        var groups: [String: (Int, Int)] = [:]
        for row in rows.values {
            let key = "\(row["stage"] as? String ?? "null")/\(row["currency"] as? String ?? "null")"
            let (count, sum) = groups[key] ?? (0, 0)
            groups[key] = (count + 1, sum + (row["amount"] as? Int ?? 0))
        }
        return groups.map { "\($0.key) \($0.value.0) \($0.value.1)" }.sorted()
    }
}

/// Rows in one form, wherever they come from.
enum Rendered {
    /// A row as `ReadModels.rows` gives it.
    static func line(json: UnsafeRawBufferPointer) throws -> String {
        var row = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] ?? [:]
        row["organization_id"] = nil
        for name in [
            "created_at", "updated_at", "opened_at", "recorded_at", "since_at", "since_recorded_at", "until_at",
            "until_recorded_at",
        ] {
            guard let text = row[name] as? String else { continue }
            row[name] = microseconds(text)
        }
        return line(row)
    }

    static func line(_ row: [String: Any]) -> String {
        var row = row.filter { !($0.value is NSNull) }
        // Times that came as texts are compared as moments.
        if let seen = row["seen_at"] as? String { row["seen_at"] = microseconds(seen) }
        if let number = row["probability"] as? NSNumber { row["probability"] = "\(number.doubleValue)" }
        let members = row.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(value($0.value))" }
        return "{\(members.joined(separator: ","))}"
    }
    /// As JSON: by hand what a long history is full of.
    private static func value(_ value: Any) -> String {
        if let text = value as? String, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) {
            return "\"\(text)\""
        }
        if type(of: value) == Int.self || type(of: value) == Int64.self { return "\(value)" }
        let data = try? JSONSerialization.data(withJSONObject: [value], options: [.sortedKeys])
        return String(String(decoding: data ?? Data(), as: UTF8.self).dropFirst().dropLast())
    }

    private static func microseconds(_ text: String) -> Int {
        let parts = text.replacingOccurrences(of: "+00:00", with: "Z").split(separator: ".")
        let whole = parts.count > 1 ? parts[0] + "Z" : parts[0]
        let date = try? Date(String(whole), strategy: .iso8601)
        let digits = parts.count > 1 ? parts[1].prefix { $0.isNumber } : ""
        let fraction = Int(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
        return Int((date?.timeIntervalSince1970 ?? 0)) * 1_000_000 + fraction
    }
}

/// Random histories of deals: absent, null and escaped members, removals, events that no projection takes.
struct Histories {
    private var random: Seeded
    private var versions: [UUID: Int32] = [:]
    private let streams: [UUID]
    private var position: Int64 = 0

    init(seed: UInt64, streams: Int) {
        random = Seeded(seed)
        self.streams = (0..<streams).map { _ in UUID() }
        var ids = Seeded(seed &+ 99)
        self.streamIDs = (0..<streams).map { _ in ids.uuid() }
    }
    private let streamIDs: [UUID]

    mutating func next(_ count: Int) -> [Told] { (0..<count).map { _ in next() } }

    private mutating func next() -> Told {
        let stream = streamIDs[Int(random.next() % UInt64(streamIDs.count))]
        let version = (versions[stream] ?? 0) + 1
        versions[stream] = version
        position += 1
        let types = ["opened", "moved", "moved", "edited", "edited", "edited", "won", "customized", "noted", "removed"]
        let type = version == 1 && !random.chance(10) ? "opened" : types[Int(random.next() % UInt64(types.count))]
        return Told(
            stream: stream, version: version, type: "deal." + type, data: data(type),
            occurredAt: 1_600_000_000_000_000 + position * 1_234_567, position: position)
    }

    private mutating func data(_ type: String) -> String {
        switch type {
        case "opened":
            object([("title", text()), ("stage", stage()), ("owner", id()), ("amount", money()), ("custom", custom())])
        case "moved": object([("to", stage()), ("points", "\(Int64(random.next() % 200) - 100)"), ("from", text())])
        case "edited":
            "{\"note\":\(text()),\"set\":"
                + object([
                    ("title", text()), ("stage", stage()), ("owner", id()), ("probability", probability()),
                    ("close", "\"20\(10 + random.next() % 90)-0\(1 + random.next() % 9)-1\(random.next() % 10)\""),
                    ("seen_at", "\"2024-02-29T12:34:5\(random.next() % 10).\(1 + random.next() % 9)Z\""),
                    ("urgent", random.chance(50) ? "true" : "false"), ("amount", money()), ("custom", custom()),
                ]) + "}"
        case "customized": "{\"custom\":\(custom())}"
        default: object([("x", text())])
        }
    }

    /// Some of the members, in any order, some null.
    private mutating func object(_ members: [(String, String)]) -> String {
        var parts: [String] = []
        for (name, value) in members.shuffled(using: &random) where !random.chance(30) {
            let key = random.chance(3) ? "\\u00" + String(name.utf8.first!, radix: 16) + name.dropFirst() : name
            parts.append("\"\(key)\":\(random.chance(12) ? "null" : value)")
        }
        return "{" + parts.joined(separator: random.chance(10) ? " , " : ",") + "}"
    }
    private mutating func text() -> String {
        let parts = [
            "Pump", "a \\\"quoted\\\" one", "naïve", "😀", "\\ud83d\\ude00", "\\n\\t", "\\u00e9", "x", "",
            "Größe und mehr als zwölf", "\\\\", "/",
        ]
        return "\"" + (0..<random.next() % 4).map { _ in parts[Int(random.next() % UInt64(parts.count))] }.joined()
            + "\""
    }
    private mutating func stage() -> String {
        ["\"lead\"", "\"offer\"", "\"won\"", "\"a very long stage name\""][Int(random.next() % 4)]
    }
    private mutating func id() -> String { "\"\(random.uuid().uuidString.lowercased())\"" }
    private mutating func probability() -> String {
        ["0", "1", "0.25", "0.5", "12.125", "-3.75", "1e2", "25e-2"][Int(random.next() % 8)]
    }
    private mutating func money() -> String {
        object([
            ("minor", "\(Int64(bitPattern: random.next()) % 1_000_000)"),
            ("currency", random.chance(70) ? "\"EUR\"" : "\"USD\""),
        ])
    }
    private mutating func custom() -> String {
        object([
            ("sector", text()), ("size", "\(random.next() % 100)"), ("tags", "[1,\"x\",{\"y\":null}]"),
            ("deep", "{\"a\":{\"b\":1}}"),
        ])
    }
}
