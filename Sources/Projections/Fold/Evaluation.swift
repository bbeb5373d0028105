import FoundationEssentials
import Kernel

/// What an expression came to: bits of a number, day, moment or boolean; a UUID; or the bytes of a text, a decimal or a
/// JSON document.
enum Evaluated: Hashable {
    case nothing
    case number(Int64)
    case id(Cell)
    case text([UInt8])
}

/// Works out expressions and conditions of one event. It is not on the way of a plain `column: .path`.
struct Evaluation {
    let event: Event
    let values: UnsafePointer<Value>

    /// Nil where a member is not of the type, or a number is too large.
    func value(_ expression: Expression<Int>, as type: ColumnType) -> Evaluated? {
        switch expression {
        case .place(let slot): member(values[slot], as: type)
        case .number(let number): .number(number)
        case .text(let text), .json(let text): .text(Array(text.utf8))
        case .id(let id): .id(id)
        case .null: .nothing
        case .occurredAt: moment(event.occurredAt, as: type)
        case .recordedAt: moment(event.recordedAt, as: type)
        case .position: number(event.position, as: type)
        case .actor: id(event.actor, as: type)
        case .stream: id(event.stream, as: type)
        case .lower(let one): text(value(one, as: .text), as: type) { $0.lowercased() }
        case .host(let one): host(value(one, as: .text), as: type)
        case .length(let one): length(one).map { $0.map { number($0, as: type) } ?? .nothing }
        case .first(let list): first(list, as: type)
        case .concat(let list): concat(list, as: type)
        case .day(let one): day(one).map { $0.map { day($0, as: type) } ?? .nothing }
        case .month(let one): day(one).map { $0.map { month($0, as: type) } ?? .nothing }
        case .days(let from, let to): days(from, to, as: type)
        case .object(let members): object(members)
        }
    }

    // MARK: - What does a member say?

    private func member(_ value: Value, as type: ColumnType) -> Evaluated? {
        if value.isNothing { return .nothing }
        switch type {
        case .text: return value.textBytes().map { .text($0) }
        case .bigint: return value.integer().map { .number($0) }
        case .boolean: return value.boolean().map { .number($0 ? 1 : 0) }
        case .uuid: return value.uuid().map { .id($0) }
        case .date: return value.day().map { .number($0) }
        case .timestamptz: return value.instant().map { .number($0) }
        case .numeric: return value.plainDecimal().map { .text($0) }
        case .json: return value.kind == .misplaced ? nil : .text(Array(value.whole))
        }
    }

    private func number(_ number: Int64, as type: ColumnType) -> Evaluated {
        type == .json ? .text(Array("\(number)".utf8)) : .number(number)
    }
    private func id(_ id: Cell, as type: ColumnType) -> Evaluated { type == .json ? quoted(id.uuid.text) : .id(id) }
    private func moment(_ at: Int64, as type: ColumnType) -> Evaluated {
        type == .json ? quoted(Instant(microseconds: at + Epoch.microseconds).text) : .number(at)
    }
    private func quoted(_ text: String) -> Evaluated { .text(JSON.string(text).bytes) }

    // MARK: - What do functions make of it?

    private func text(_ value: Evaluated?, as type: ColumnType, _ change: (String) -> String) -> Evaluated? {
        guard case .text(let bytes) = value else { return value }
        let changed = change(String(decoding: bytes, as: UTF8.self))
        return type == .json ? quoted(changed) : .text(Array(changed.utf8))
    }

    /// The host of a web address in small letters, without `www.`; nothing where it is none.
    private func host(_ value: Evaluated?, as type: ColumnType) -> Evaluated? {
        guard case .text(let bytes) = value else { return value }
        let address = String(decoding: bytes, as: UTF8.self)
        guard let scheme = address.firstRange(of: "://") else { return .nothing }
        let authority = address[scheme.upperBound...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@").last?.prefix { $0 != ":" }.lowercased() ?? ""
        let bare = host.hasPrefix("www.") ? String(host.dropFirst(4)) : host
        return bare.isEmpty ? .nothing : text(.text(Array(bare.utf8)), as: type) { $0 }
    }

    private func first(_ list: [Expression<Int>], as type: ColumnType) -> Evaluated? {
        for one in list {
            guard let found = value(one, as: type) else { return nil }
            if found != .nothing { return found }
        }
        return .nothing
    }

    private func concat(_ list: [Expression<Int>], as type: ColumnType) -> Evaluated? {
        var whole: [UInt8]?
        for one in list {
            guard let found = value(one, as: .text) else { return nil }
            if case .text(let bytes) = found { whole = (whole ?? []) + bytes }
        }
        return text(whole.map { .text($0) } ?? .nothing, as: type) { $0 }
    }

    /// Characters of a text, elements of a list, members of an object. The outer nil: none of these.
    private func length(_ one: Expression<Int>) -> Int64?? {
        guard case .place(let slot) = one else { return .none }
        let value = values[slot]
        switch value.kind {
        case .absent, .null: return .some(nil)
        case .string, .escaped:
            return value.textBytes().map { Int64(String(decoding: $0, as: UTF8.self).unicodeScalars.count) }
        case .array, .object:
            do throws(Malformed) { return try Items.count(value).map { .some($0) } } catch { return .none }
        case .number, .bool, .misplaced: return .none
        }
    }

    /// The day in UTC, since 2000-01-01. The outer nil: neither a day nor a moment.
    private func day(_ one: Expression<Int>) -> Int64?? {
        switch one {
        case .occurredAt: return Evaluation.day(of: event.occurredAt)
        case .recordedAt: return Evaluation.day(of: event.recordedAt)
        case .place(let slot):
            let value = values[slot]
            if value.isNothing { return .some(nil) }
            return (value.day() ?? value.instant().map { Evaluation.day(of: $0) }).map { .some($0) }
        case _: return .none
        }
    }
    private static func day(of moment: Int64) -> Int64 {
        let day: Int64 = 86_400_000_000
        return moment >= 0 ? moment / day : (moment + 1) / day - 1
    }
    private func day(_ number: Int64, as type: ColumnType) -> Evaluated {
        type == .json ? quoted(date(number).text) : .number(number)
    }
    private func date(_ number: Int64) -> Day { Day(number: Int32(truncatingIfNeeded: number + Epoch.days)) }

    /// `2026-01`, or the month's first day.
    private func month(_ number: Int64, as type: ColumnType) -> Evaluated {
        let text = date(number).text.prefix(7)
        switch type {
        case .date: return .number(Day(text + "-01").map { Int64($0.number) - Epoch.days } ?? number)
        case .json: return quoted(String(text))
        case .text, .bigint, .boolean, .uuid, .timestamptz, .numeric: return .text(Array(text.utf8))
        }
    }

    private func days(_ from: Expression<Int>, _ to: Expression<Int>, as type: ColumnType) -> Evaluated? {
        guard let from = day(from), let to = day(to) else { return nil }
        guard let from, let to else { return .nothing }
        return number(to - from, as: type)
    }

    private func object(_ members: [(name: String, value: Expression<Int>)]) -> Evaluated? {
        var bytes = [UInt8(ascii: "{")]
        for (name, expression) in members {
            guard let found = value(expression, as: .json) else { return nil }
            guard case .text(let json) = found else { continue }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array("\"\(name)\":".utf8) + json
        }
        return .text(bytes + [UInt8(ascii: "}")])
    }

    // MARK: - What holds?

    /// Whether a condition holds.
    func holds(_ condition: Condition<Int>) -> Bool {
        switch condition {
        case .present(.place(let slot)): !values[slot].isNothing && values[slot].kind != .misplaced
        case .present: true
        case .compare(let value, let comparison, let constant):
            order(value, constant).map { comparison.holds($0) } ?? false
        case .oneOf(let value, let constants): constants.contains { order(value, $0) == 0 }
        case .all(let list): list.allSatisfy(holds)
        case .any(let list): list.contains(where: holds)
        case .not(let one): !holds(one)
        }
    }

    /// Below 0, 0, above 0; nil where they are of different kinds.
    private func order(_ tested: Expression<Int>, _ constant: Constant) -> Int? {
        func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }
        switch (constant, tested) {
        case (.text(let text), .actor): return order(event.actor.uuid.text, text)
        case (.text(let text), .stream): return order(event.stream.uuid.text, text)
        case (.instant(let at), .occurredAt): return order(event.occurredAt, at)
        case (.instant(let at), .recordedAt): return order(event.recordedAt, at)
        case (.number(let number), .position):
            return Numeric.order(Array("\(event.position)".utf8), Array(number.utf8))
        case (.number(let number), .place(let slot)):
            return values[slot].decimal().map { Numeric.order($0, Array(number.utf8)) }
        case (.text(let text), .place(let slot)):
            return values[slot].textBytes().map { bytes in
                let other = Array(text.utf8)
                return bytes == other ? 0 : bytes.lexicographicallyPrecedes(other) ? -1 : 1
            }
        case (.flag(let flag), .place(let slot)): return values[slot].boolean().map { $0 == flag ? 0 : 1 }
        case (.day(let day), .place(let slot)): return values[slot].day().map { order($0, day) }
        case (.instant(let at), .place(let slot)): return values[slot].instant().map { order($0, at) }
        case _: return nil
        }
    }
}
