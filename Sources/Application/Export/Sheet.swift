import CRM
import Kernel

/// Which value of a list's rows stands in which column of a file. An amount has two columns, an address one for each of
/// its parts, and each field of the organization's own has its own; what else has members is written as JSON.
struct Sheet: Sendable {
    let columns: [Column]

    struct Column: Sendable, Hashable {
        /// `amount`, `amount.currency`, `billing_address.city`, `custom.segment`.
        let name: String
        /// Where in the row's document its value is.
        let path: [String]
        var form = Form.value
    }
    enum Form: Sendable, Hashable {
        case value
        /// Several words in one cell.
        case words
        /// The two columns of an amount.
        case amount, currency
    }

    /// The column of what happened to a record.
    static let past = "past"

    /// - Parameters:
    ///   - defined: the organization's own fields, in use.
    ///   - hasPast: whether rows tell what happened to their records.
    init(
        of entity: any Entity.Type, _ shown: Shown, _ defined: [(key: String, definition: FieldSet.Definition)],
        hasPast: Bool = false
    ) {
        let own = Sheet(of: entity, members: shown.members, defined).columns
        let past = hasPast ? [Column(name: Sheet.past, path: [Sheet.past])] : []
        columns = own + shown.includes.flatMap { Sheet.columns(of: $0) } + past
    }

    /// The columns of an entity's own members.
    init(of entity: any Entity.Type, members: [String], _ defined: [(key: String, definition: FieldSet.Definition)]) {
        let fields = Subject.fields(of: entity)
        columns = members.flatMap { member -> [Column] in
            switch member {
            case "custom": defined.flatMap { Sheet.columns([member, $0.key], $0.definition.kind) }
            case "tags": [Column(name: member, path: [member], form: .words)]
            case _ where Sheet.amounts.contains(member): Sheet.columns([member], .money)
            case _: Sheet.columns([member], fields.first { $0.name == member }?.kind)
            }
        }
    }

    /// The columns of a record that is included: of an account its own, of an owner the member's.
    private static func columns(of included: (name: String, entity: String, members: [String])) -> [Column] {
        let fields = entities.first { $0.name == included.entity }.map(Subject.fields) ?? []
        return included.members.flatMap { member -> [Column] in
            let path = [included.name, member]
            // Which fields of their own they have is not asked for; tags are told as everywhere.
            switch member {
            case "tags": return [Column(name: "\(included.name).tags", path: path, form: .words)]
            case _ where amounts.contains(member): return columns(path, .money)
            case _: return columns(path, fields.first { $0.name == member }?.kind)
            }
        }
    }
    /// Amounts that are no fields: documents reckon them.
    private static let amounts: Set = ["weighted_amount", "cost"]

    private static func columns(_ path: [String], _ kind: Field.Kind?) -> [Column] {
        let name = path.joined(separator: ".")
        switch kind {
        case .money:
            return [
                Column(name: name, path: path, form: .amount),
                Column(name: "\(name).currency", path: path, form: .currency),
            ]
        case .object(let parts): return parts.flatMap { columns(path + [$0.name], $0.kind) }
        case .list(of: .object, _), .list(of: .record, _): return [Column(name: name, path: path)]
        case .list: return [Column(name: name, path: path, form: .words)]
        case .record: return ["entity", "id"].map { Column(name: "\(name).\($0)", path: path + [$0]) }
        case .text, .paragraph, .integer, .decimal, .flag, .day, .instant, .choice, .reference, .email, .phone, .link,
            .slug, .currency, .zone, .id, .map, .entries, .custom, .anything, .value, nil:
            return [Column(name: name, path: path)]
        }
    }

    /// The first line.
    var header: String { CSV.line(columns.map(\.name)) }
    /// A row's line.
    func line(_ row: JSON) -> String { CSV.line(columns.map { $0.cell(of: row) }) }
}

extension Sheet.Column {
    /// What stands in the cell; nothing where there is no value.
    func cell(of row: JSON) -> String {
        let value = path.reduce(JSON?.some(row)) { $0?[$1] }
        switch form {
        case .value: return value.map(Self.text) ?? ""
        case .words: return value?.array.map(Self.words) ?? ""
        case .amount: return Money(value)?.decimal ?? ""
        case .currency: return Money(value)?.currency.code ?? ""
        }
    }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): digits(number)
        case .string(let text): CSV.guarded(text)
        case .array(let items): items.isEmpty ? "" : String(decoding: value.bytes, as: UTF8.self)
        case .object(let members): members.isEmpty ? "" : String(decoding: value.bytes, as: UTF8.self)
        }
    }

    /// Words with semicolons between, as people write them; as JSON where that would not tell them apart. Of records
    /// among them the names.
    private static func words(_ items: [JSON]) -> String {
        let words = items.compactMap { $0.string ?? $0["name"]?.string }
        let isPlain = words.allSatisfy { word in
            !word.contains(";") && !word.isEmpty && word.first?.isWhitespace == false
                && word.last?.isWhitespace == false
        }
        let isJSON = words.first.map { $0.hasPrefix("[") || $0.hasPrefix("{") } ?? false
        if isPlain, !isJSON { return CSV.guarded(words.joined(separator: "; ")) }
        return String(decoding: JSON.array(words.map(JSON.string)).bytes, as: UTF8.self)
    }

    /// A number without an exponent, which files of others do not know.
    private static func digits(_ number: Double) -> String {
        let parts = "\(number)".split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(number)" }
        let mantissa = parts[0].drop { $0 == "-" }.split(separator: ".")
        let (whole, fraction) = (mantissa[0], mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : "")
        let sign = number < 0 ? "-" : ""
        // Behind large numbers there are more noughts than digits before the exponent.
        let noughts = exponent < 0 ? -exponent - 1 : max(0, exponent - fraction.count)
        let zeros = String(repeating: "0", count: noughts)
        return exponent < 0 ? "\(sign)0.\(zeros)\(whole)\(fraction)" : "\(sign)\(whole)\(fraction)\(zeros)"
    }
}
