import FoundationEssentials
import Kernel

/// How a cell's text becomes a value.
struct Reading: Sendable, Hashable {
    var kind: Kind
    var numbers = Numbers()
    /// What an amount or a number is multiplied by ("in millions").
    var multiply: Int64 = 1
    var days = DayPattern.iso
    /// Where a bare day begins.
    var zone = "UTC"
    /// Where a time is meant that names no zone.
    var times = "UTC"
    /// What stands between the words of a list.
    var separator: Character = ";"

    enum Kind: Sendable, Hashable {
        case text, integer, decimal, flag, day, instant, json, list, entries, money(Currency)
    }

    /// How a file writes numbers.
    struct Numbers: Sendable, Hashable {
        var decimal: Character = "."
        var thousands: Character?
    }

    /// Why a cell has no value of its kind.
    struct Wrong: Error, Hashable {
        let code: String
        let detail: String
    }

    /// The value of a text that is not empty.
    func value(_ text: String, currency: Currency? = nil) throws(Wrong) -> JSON {
        switch kind {
        case .text: return .string(text)
        case .flag:
            switch text.lowercased() {
            case "true", "yes", "y", "1", "t": return true
            case "false", "no", "n", "0", "f": return false
            default: throw Wrong(code: "import.not_a_flag", detail: "\"\(text)\" is neither yes nor no.")
            }
        case .day: return .string(try day(text).text)
        case .instant: return .string(try moment(text).text)
        case .json:
            guard let object = Self.object(text) else {
                throw Wrong(code: "import.not_an_object", detail: "The cell holds no JSON object.")
            }
            return .object(object)
        case .list: return .array(items(text).map(JSON.string))
        // A lone value stands for the first of them; all of them are written as JSON.
        case .entries: return json(text) ?? .string(text)
        case .integer:
            guard let number = amount(text)?.scaled(by: multiply, exponent: 0) else {
                throw Wrong(code: "import.not_an_integer", detail: "\"\(text)\" is no whole number.")
            }
            return .integer(number)
        case .decimal:
            guard let amount = amount(text) else {
                throw Wrong(code: "import.not_a_number", detail: "\"\(text)\" is no number.")
            }
            return amount.number(times: multiply)
        case .money(let usual):
            let currency = currency ?? usual
            guard let minor = amount(text)?.scaled(by: multiply, exponent: currency.exponent) else {
                let detail = "\"\(text)\" is no amount in \(currency.code), which has \(currency.exponent) decimals."
                throw Wrong(code: "import.not_an_amount", detail: detail)
            }
            return Money(minor: minor, currency: currency).json
        }
    }

    /// The words of a list: an array of JSON, or words with separators between them.
    func items(_ text: String) -> [String] {
        if let words = json(text)?.array, words.allSatisfy({ $0.string != nil }) { return words.compactMap(\.string) }
        return text.split(separator: separator).map { $0.drop { $0.isWhitespace } }.map { word in
            String(word.reversed().drop { $0.isWhitespace }.reversed())
        }.filter { !$0.isEmpty }
    }
    /// The array or the object that a cell holds.
    private func json(_ text: String) -> JSON? {
        text.hasPrefix("[") || text.hasPrefix("{") ? try? JSON(parsing: text) : nil
    }

    /// The members of a JSON object in a cell.
    static func object(_ text: String) -> [String: JSON]? { (try? JSON(parsing: text))?.object }

    /// The moment that a day or an instant names.
    func moment(_ text: String) throws(Wrong) -> Instant {
        if let instant = Moments.read(text, zone: times) { return instant }
        return Zones.start(of: try day(text), zone: zone)
    }

    private func day(_ text: String) throws(Wrong) -> Day {
        guard let day = days.read(text) ?? Moments.day(text) else {
            throw Wrong(code: "import.not_a_day", detail: "\"\(text)\" is no day written \(days.text).")
        }
        return day
    }

    private func amount(_ text: String) -> Amount? { Amount(text, numbers) }
}

/// A decimal number, exactly: `digits` × 10^-`scale`.
private struct Amount {
    let digits: Int64
    let scale: Int

    init?(_ text: String, _ numbers: Reading.Numbers) {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest = rest.dropFirst() }
        var plain = ""
        var scale: Int?
        for character in rest {
            if character == numbers.thousands, scale == nil { continue }
            if character == numbers.decimal {
                guard scale == nil, !plain.isEmpty else { return nil }
                scale = 0
                continue
            }
            guard ("0"..."9").contains(character), character.isASCII else { return nil }
            plain.append(character)
            scale = scale.map { $0 + 1 }
        }
        while let count = scale, count > 0, plain.last == "0" {
            plain.removeLast()
            scale = count - 1
        }
        guard let digits = Int64(plain) else { return nil }
        (self.digits, self.scale) = (negative ? -digits : digits, scale ?? 0)
    }

    /// Times `factor` and 10^`exponent`; nil where that is no whole number or does not fit.
    func scaled(by factor: Int64, exponent: Int) -> Int64? {
        var (number, shift) = (digits, exponent - scale)
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        number = product
        while shift < 0 {
            guard number % 10 == 0 else { return nil }
            (number, shift) = (number / 10, shift + 1)
        }
        while shift > 0 {
            let (next, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            (number, shift) = (next, shift - 1)
        }
        return number
    }

    func number(times factor: Int64) -> JSON {
        if let whole = scaled(by: factor, exponent: 0) { return .integer(whole) }
        // Read as a whole, it is the nearest number that there is.
        return .number((Double("\(digits)e-\(scale)") ?? 0) * Double(factor))
    }
}

/// How a file writes days: `YYYY-MM-DD`, `D.M.YYYY`, `MM/DD/YYYY`.
struct DayPattern: Sendable, Hashable {
    /// As the mapping gives it.
    let text: String
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case year, month(Int), day(Int)
        case literal(Character)
    }

    static let iso = DayPattern(text: "YYYY-MM-DD", parts: [.year, .literal("-"), .month(2), .literal("-"), .day(2)])

    private init(text: String, parts: [Part]) { (self.text, self.parts) = (text, parts) }

    /// Reads a pattern; nil where it does not hold year, month and day once each.
    init?(_ pattern: String) {
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let first = rest.first {
            let run = rest.prefix { $0 == first }
            switch (first, run.count) {
            case ("Y", 4): parts.append(.year)
            case ("M", 1...2): parts.append(.month(run.count))
            case ("D", 1...2): parts.append(.day(run.count))
            case ("Y", _), ("M", _), ("D", _): return nil
            case (_, let count):
                guard !first.isLetter, !first.isNumber else { return nil }
                parts += Array(repeating: .literal(first), count: count)
            }
            rest = rest.dropFirst(run.count)
        }
        let kinds = parts.compactMap { part -> Character? in
            switch part {
            case .year: "Y"
            case .month: "M"
            case .day: "D"
            case .literal: nil
            }
        }
        guard kinds.sorted() == ["D", "M", "Y"] else { return nil }
        self.init(text: pattern, parts: parts)
    }

    /// The day of a text; one letter in the pattern takes one or two digits, two take two.
    func read(_ text: String) -> Day? {
        var rest = Substring(text)
        var (year, month, day) = (0, 0, 0)
        func number(_ width: ClosedRange<Int>) -> Int? {
            let digits = rest.prefix(width.upperBound).prefix { $0.isASCII && $0.isNumber }
            guard width.contains(digits.count), let value = Int(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            return value
        }
        for part in parts {
            switch part {
            case .year:
                guard let value = number(4...4) else { return nil }
                year = value
            case .month(let width):
                guard let value = number(width...2) else { return nil }
                month = value
            case .day(let width):
                guard let value = number(width...2) else { return nil }
                day = value
            case .literal(let character):
                guard rest.first == character else { return nil }
                rest = rest.dropFirst()
            }
        }
        return rest.isEmpty ? Day(year: year, month: month, day: day) : nil
    }
}
