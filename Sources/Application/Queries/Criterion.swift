import FoundationEssentials
import Kernel

/// Something that rows can be chosen and sorted by: a column under the name that requests use.
struct Criterion: Sendable {
    /// Its name in requests: `amount`, `amount.currency`, `custom.segment`.
    let name: String
    /// Other names for it.
    let aliases: [String]
    /// Where the value is.
    let place: Place
    let type: ColumnType
    /// Whether an index is sorted by it.
    let isSorted: Bool
    /// The field whose values it holds, for their normal form.
    let field: Field?

    enum Place: Sendable {
        case column(String)
        /// A field that the organization defined.
        case custom(CustomField)
        /// The tags on the record.
        case tags(isPast: Bool)
        /// No value but a condition, as SQL on the row called `t`.
        case condition(String)
    }

    init(_ column: Relation.Column, as name: String? = nil, field: Field? = nil, aliases: [String]? = nil) {
        self.name = name ?? column.name
        // A map cannot be compared: its other names are for what it leads to.
        self.aliases = column.type == .json ? [] : aliases ?? field?.aliases ?? []
        (place, type, self.field) = (.column(column.name), column.type, field)
        isSorted = column.isSorted
    }

    /// Something that no single column holds.
    init(place: Place, name: String, aliases: [String], type: ColumnType) {
        (self.place, self.name, self.aliases, self.type) = (place, name, aliases, type)
        (isSorted, field) = (false, nil)
    }

    /// A field that the organization defined; of money its amount.
    init(_ custom: CustomField) {
        (name, aliases, place, isSorted) = (custom.name, [], .custom(custom), false)
        (type, field) = (custom.type, custom.part == .currency ? nil : custom.field)
    }

    /// What the row, its stage and the calendar tell together: true or false.
    init(_ name: String, where condition: String) {
        (self.name, aliases, place, type) = (name, [], .condition(condition), .flag)
        (isSorted, field) = (false, nil)
    }

    /// How it can be compared.
    var comparisons: [Filter.Comparison] {
        if case .tags = place { return .alike }
        return switch type {
        case .text: .text
        case .uuid: .alike
        case .flag: isCondition ? [.equal] : .flag
        case .integer, .day, .instant, .decimal: .ordered
        case .json: custom != nil ? .alike : isKeyed ? [.equal, .null] : .presence
        case .other: .presence
        }
    }
    /// The field of the organization's own that it is.
    var custom: CustomField? {
        switch place {
        case .custom(let custom): custom
        case .column, .tags, .condition: nil
        }
    }
    var isCondition: Bool {
        switch place {
        case .condition: true
        case .column, .custom, .tags: false
        }
    }
    /// Whether it is a map by records: `shared_with=ID` asks whether one of them is in it.
    private var isKeyed: Bool {
        switch field?.kind {
        case .map(_, .record): true
        case _: false
        }
    }

    /// The expression, of the row called `t`.
    func expression(_ text: inout SQLText) -> String {
        switch place {
        // Which texts are equal is the same in every order, but an index serves its own only.
        case .column(let name): "t.\(SQLText.name(name))" + (isSorted && type == .text ? Catalog.collation : "")
        case .tags: "t.tags"
        case .condition(let condition): condition
        case .custom(let custom): custom.expression(&text)
        }
    }

    /// The expression of a value that it is compared with: days and moments of one's own fields are kept as texts.
    func bound(_ value: Value, _ text: inout SQLText) -> String {
        let bound = text.bind(value)
        guard custom != nil else { return bound }
        switch value {
        case .today: return "to_char(\(bound), 'YYYY-MM-DD')"
        case .startOfDay, .startOfToday, .instant: return "read.instant(\(bound))"
        case .uuid, .text, .integer, .flag, .day, .decimal: return bound
        }
    }
}

// MARK: What value does a text stand for?

extension Criterion {
    /// The value of one text; what is not of the kind is refused, with what is wanted.
    func value(_ text: String, parameter: String, asker: Asker) throws(Problem) -> Value {
        func refuse(_ wanted: String) -> Problem {
            .parameter(parameter, "\(parameter)=\(text.prefix(60)) is not understood: \(wanted) is expected.")
        }
        guard !text.isEmpty else {
            throw .parameter(parameter, "\(parameter) is empty; for records without a value ask \(name).null=true.")
        }
        guard text.utf8.count <= 1_000, !text.utf8.contains(0) else {
            throw .parameter(parameter, "\(parameter) is too long or holds a NUL.")
        }
        if isKeyed {
            if text == "me" { return .text(asker.caller.actor.text) }
            guard let id = UUID(text: text) else { throw refuse("an id (a UUID) or `me`") }
            return .text(id.text)
        }
        switch type {
        case .uuid:
            if text == "me", isMember { return id(asker.caller.actor) }
            guard let id = UUID(text: text) else {
                throw refuse(isMember ? "an id (a UUID) or `me`" : "an id (a UUID)")
            }
            return self.id(id)
        case .integer:
            guard let number = Int64(text), text.first != "+" else { throw refuse("an integer") }
            return .integer(number)
        case .flag:
            guard text == "true" || text == "false" else { throw refuse("true or false") }
            return .flag(text == "true")
        case .day:
            if let days = Criterion.today(text) { return .today(days, at: asker.now) }
            guard let day = Day(text) else { throw refuse("a day such as 2017-03-01, or today, today-7, today+30") }
            return custom == nil ? .day(day.number) : .text(day.text)
        case .instant:
            if let days = Criterion.today(text) { return .startOfToday(days, at: asker.now) }
            if let day = Day(text) { return .startOfDay(day.number) }
            guard let instant = Instant(text) else {
                throw refuse("an instant such as 2017-03-01T09:30:00Z, or a day, or today, today-7, today+30")
            }
            return custom == nil ? .instant(instant.microseconds) : .text(instant.text)
        case .decimal:
            guard text.utf8.count <= 40, Decimal.isPlain(text) else { throw refuse("a number such as 12.5") }
            return .decimal(text)
        case .text, .json, .other: return .text(try normal(text, parameter))
        }
    }

    /// An id as it is kept: of one's own fields as text.
    private func id(_ id: UUID) -> Value { custom == nil ? .uuid(id) : .text(id.text) }

    /// `today`, `today-7`, `today+30`: how many days from today.
    private static func today(_ text: String) -> Int32? {
        guard text.hasPrefix("today") else { return nil }
        let rest = text.dropFirst(5)
        if rest.isEmpty { return 0 }
        guard let sign = rest.first, sign == "+" || sign == "-", let days = Int32(rest.dropFirst()),
            rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }), days <= 36_500
        else { return nil }
        return sign == "-" ? -days : days
    }

    /// What a text is to contain or start with.
    static func part(_ text: String, named name: String) throws(Problem) -> String {
        guard let line = Normal.line(text), !line.isEmpty, line.unicodeScalars.count <= 200 else {
            throw .parameter(name, "\(name) takes a text of 1 to 200 characters on one line.")
        }
        return line
    }

    private var isMember: Bool {
        switch field?.kind {
        case .reference("member"): true
        case _: false
        }
    }

    /// A text as it is stored: an address in lower case, a word that is one of the choices.
    private func normal(_ text: String, _ parameter: String) throws(Problem) -> String {
        guard let field = field?.element else { return text }
        var flaws: [Flaw] = []
        if case .string(let normal)? = field.normal(.string(text), at: "", flaws: &flaws) { return normal }
        let wanted = flaws.first?.detail ?? "a value"
        throw .parameter(parameter, "\(parameter)=\(text.prefix(60)) is not understood: \(wanted).")
    }
}

extension Field {
    /// What is looked for in its values: one of a list.
    fileprivate var element: Field {
        if case .list(let kind, _) = kind { Field(name, kind) } else { self }
    }
}

private enum Decimal {
    /// `-12`, `12.5`; no exponent, no plus.
    static func isPlain(_ text: String) -> Bool {
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        return text.filter { $0 == "-" }.count <= 1 && (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
}

extension Problem {
    /// A parameter whose value is not understood.
    static func parameter(_ name: String, _ detail: String) -> Problem {
        Problem("parameter.invalid", 400, detail, more: ["parameter": .string(String(name.prefix(100)))])
    }
    /// A parameter that this route does not have.
    public static func unknownParameter(_ name: String, known: some Sequence<String>) -> Problem {
        Problem(
            "parameter.unknown", 400, "There is no parameter \(name.prefix(100)) here.",
            more: ["parameter": .string(String(name.prefix(100)))]
        ).knowing(Set(known).sorted())
    }
}
