import FoundationEssentials

/// What is wrong with one member of a body.
public struct Flaw: Error, Sendable, Hashable {
    /// Where, as a JSON pointer (RFC 6901).
    public let pointer: String
    /// A stable code: `required`, `unknown_member`, `duplicate`, `wrong_type`, `too_long`, `out_of_range`, `malformed`.
    public let code: String
    /// What to do about it.
    public let detail: String

    /// A flaw at a place.
    public init(_ pointer: String, _ code: String, _ detail: String) {
        (self.pointer, self.code, self.detail) = (pointer, code, detail)
    }
}

extension Field {
    /// The normal form of `value` for this field; null where it says that there is none.
    /// Every flaw found is appended, with its place; then the answer is nil.
    public func normal(_ value: JSON, at pointer: String, flaws: inout [Flaw]) -> JSON? {
        if value == .null || (value == "" && kind.isText) {
            guard isRequired else { return .null }
            flaws.append(Flaw(pointer, "required", "\(name) must have a value"))
            return nil
        }
        let meant = synonyms.isEmpty ? nil : value.string.flatMap { Normal.key($0) }.flatMap { synonyms[$0] }
        let result = kind.normal(meant.map { .string($0) } ?? value, at: pointer, flaws: &flaws)
        if result == "", isRequired {
            flaws.append(Flaw(pointer, "required", "\(name) must have a value"))
            return nil
        }
        return result == "" ? .null : result
    }
}

extension [Field] {
    /// Reads an object against these fields: unknown members are refused, aliases resolved, values brought into their
    /// normal form. With `partial` (a merge patch) nothing is missed and null clears.
    public func normal(_ object: [String: JSON], at pointer: String = "", partial: Bool, flaws: inout [Flaw])
        -> [String: JSON]
    {
        var result: [String: JSON] = [:]
        var given: Set<String> = []
        for (name, value) in object {
            let place = "\(pointer)/\(Pointer.escape(name))"
            guard let field = first(where: { $0.name == name || $0.aliases.contains(name) }) else {
                let known = map(\.name).sorted().joined(separator: ", ")
                let detail = known.isEmpty ? "nothing can be given here" : "there is no such member; known are \(known)"
                flaws.append(Flaw(place, "unknown_member", detail))
                continue
            }
            guard given.insert(field.name).inserted else {
                flaws.append(Flaw(place, "duplicate", "\(field.name) is given under two names"))
                continue
            }
            if let normal = field.normal(value, at: place, flaws: &flaws) { result[field.name] = normal }
        }
        guard !partial else { return result }
        for field in self where field.isRequired && !given.contains(field.name) {
            flaws.append(Flaw("\(pointer)/\(field.name)", "required", "\(field.name) must be given"))
        }
        return result.filter { $0.value != .null }
    }
}

/// JSON pointers (RFC 6901).
public enum Pointer {
    /// One member's name as a pointer's token.
    public static func escape(_ name: String) -> String {
        // Few names have either, and each member of each command asks.
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        return name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}

extension Field.Kind {
    var isText: Bool {
        switch self {
        case .text, .paragraph, .choice, .reference, .email, .phone, .link, .slug, .currency, .zone, .day, .instant,
            .id, .entries:
            true
        case .integer, .decimal, .flag, .money, .object, .map, .custom, .record, .anything, .list, .value: false
        }
    }

    /// The normal form of a value that is not null.
    func normal(_ value: JSON, at pointer: String, flaws: inout [Flaw]) -> JSON? {
        func flaw(_ code: String, _ detail: String) -> JSON? {
            flaws.append(Flaw(pointer, code, detail))
            return nil
        }
        func text(_ what: String, _ read: (String) -> String?) -> JSON? {
            guard case .string(let given) = value else {
                return flaw("wrong_type", "\(what) is expected, not \(value.kind)")
            }
            return read(given).map(JSON.string) ?? flaw("malformed", "this is not \(what)")
        }
        func bounded(_ limit: Int, _ what: String, _ read: (String) -> String?) -> JSON? {
            guard let result = text(what, read), case .string(let read) = result else { return nil }
            guard read.unicodeScalars.count <= limit else { return flaw("too_long", "at most \(limit) characters") }
            return result
        }
        switch self {
        case .text(let limit): return bounded(limit, "text on one line", Normal.line)
        case .paragraph(let limit): return bounded(limit, "text", Normal.paragraph)
        case .email: return text("an e-mail address such as ann@example.com", Normal.email)
        case .phone: return text("a telephone number with its country, such as +44 20 7946 0018", Normal.phone)
        case .link: return text("a web address such as https://example.com", Normal.link)
        case .slug: return text("a short name of letters, digits and dashes", Normal.slug)
        case .currency: return text("an ISO 4217 code such as USD") { Currency($0.uppercased())?.code }
        case .zone: return text("an IANA time zone such as Europe/Paris") { TimeZones.names.contains($0) ? $0 : nil }
        case .day: return text("a day such as 2017-03-01") { Day($0)?.text }
        case .instant: return text("an instant such as 2017-03-01T09:30:00Z") { Instant($0)?.text }
        case .id, .reference: return text("an id (a UUID)") { UUID(text: $0)?.text }
        case .choice(let words):
            let list = words.joined(separator: ", ")
            return text("one of \(list)") { given in
                let key = Normal.key(given)
                return words.first { Normal.key($0) == key }
            }
        case .integer(let range):
            guard case .integer(let number) = value else {
                return flaw("wrong_type", "an integer is expected, not \(value.kind)")
            }
            return range.contains(number)
                ? value : flaw("out_of_range", "from \(range.lowerBound) to \(range.upperBound)")
        case .decimal(let range): return decimal(value, in: range, at: pointer, flaws: &flaws)
        case .flag:
            return value.bool == nil ? flaw("wrong_type", "true or false is expected, not \(value.kind)") : value
        case .money: return members(value, of: Self.amount, at: pointer, flaws: &flaws)
        case .object(let fields): return members(value, of: fields, at: pointer, flaws: &flaws)
        case .record(let entities): return members(value, of: Self.record(entities), at: pointer, flaws: &flaws)
        case .custom, .anything:
            return value.object == nil ? flaw("wrong_type", "an object is expected, not \(value.kind)") : value
        case .value: return value
        case .map(let kind, let keys): return map(value, of: kind, keys: keys, at: pointer, flaws: &flaws)
        case .entries(let fields, let keys, let by):
            return entries(value, of: fields, keys: keys, by: by, at: pointer, flaws: &flaws)
        case .list(let kind, let limit): return list(value, of: kind, limit, at: pointer, flaws: &flaws)
        }
    }

    private func decimal(_ value: JSON, in range: ClosedRange<Double>, at pointer: String, flaws: inout [Flaw]) -> JSON?
    {
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let given): number = given
        case .null, .bool, .string, .array, .object:
            flaws.append(Flaw(pointer, "wrong_type", "a number is expected, not \(value.kind)"))
            return nil
        }
        if range.contains(number) { return value }
        flaws.append(Flaw(pointer, "out_of_range", "from \(range.lowerBound) to \(range.upperBound)"))
        return nil
    }

    private func list(_ value: JSON, of kind: Field.Kind, _ limit: Int, at pointer: String, flaws: inout [Flaw])
        -> JSON?
    {
        guard case .array(let items) = value else {
            flaws.append(Flaw(pointer, "wrong_type", "an array is expected, not \(value.kind)"))
            return nil
        }
        guard items.count <= limit else {
            flaws.append(Flaw(pointer, "too_long", "at most \(limit) values"))
            return nil
        }
        let normal = items.enumerated().map { kind.normal($1, at: "\(pointer)/\($0)", flaws: &flaws) }
        return normal.contains(nil) ? nil : .array(normal.compactMap { $0 })
    }

    /// The members of an amount of money.
    static let amount = [Field("minor", .integer(Money.range)).required(), Field("currency", .currency).required()]
    /// The members of a record's name.
    static func record(_ entities: [String]) -> [Field] {
        [Field("entity", .choice(entities)).required(), Field("id", .id).required()]
    }

    private func members(_ value: JSON, of fields: [Field], at pointer: String, flaws: inout [Flaw]) -> JSON? {
        guard case .object(let object) = value else {
            flaws.append(Flaw(pointer, "wrong_type", "an object is expected, not \(value.kind)"))
            return nil
        }
        let before = flaws.count
        let normal = fields.normal(object, at: pointer, partial: false, flaws: &flaws)
        return flaws.count == before ? .object(normal) : nil
    }

    private func map(_ value: JSON, of kind: Field.Kind, keys: Field.Keys, at pointer: String, flaws: inout [Flaw])
        -> JSON?
    {
        guard case .object(let object) = value else {
            flaws.append(Flaw(pointer, "wrong_type", "an object is expected, not \(value.kind)"))
            return nil
        }
        let before = flaws.count
        guard object.count <= 200 else {
            flaws.append(Flaw(pointer, "too_long", "at most 200 members"))
            return nil
        }
        var result: [String: JSON] = [:]
        for (name, item) in object {
            let place = "\(pointer)/\(Pointer.escape(name))"
            let key: String? =
                switch keys {
                case .name: Normal.line(name).flatMap { (1...60).contains($0.count) ? $0 : nil }
                case .id, .reference, .record: UUID(text: name)?.text
                }
            guard let key else {
                flaws.append(
                    Flaw(
                        place, "malformed",
                        keys == .name ? "a name of 1 to 60 characters" : "the member's name is an id"))
                continue
            }
            result[key] = item == .null ? .null : kind.normal(item, at: place, flaws: &flaws)
        }
        return flaws.count == before ? .object(result) : nil
    }
}
