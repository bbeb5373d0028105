import CRM
import Kernel

/// A field that an organization defined, as lists choose and sort by it.
///
/// Its values lie in the record's column `custom`, and once more as plain columns in the table beside the records
/// (`read.deals_values`), which has the indexes: functions that look into JSON have none under row-level security.
struct CustomField: Sendable {
    let key: String
    /// What values it takes, in the kernel's words.
    let field: Field
    let part: Part
    /// The table of values beside the records; nil: there is none, as of a moment.
    let values: Relation?

    /// What of a value is meant.
    enum Part: Sendable { case value, currency }

    init(_ key: String, _ kind: Field.Kind, _ part: Part = .value, in values: Relation?) {
        (self.key, self.part, self.values) = (key, part, values)
        field = Field("custom.\(key)", kind)
    }

    /// Longer texts lie in the table of values with their beginning only.
    static let longest = 200

    /// Its name in requests.
    var name: String { part == .currency ? "\(field.name).currency" : field.name }

    /// What its values are, as far as questions care.
    var type: ColumnType {
        switch field.kind {
        case .decimal, .integer: .decimal
        case .money: part == .currency ? .text : .decimal
        case .flag: .flag
        case .day: .day
        case .instant: .instant
        case .reference: .uuid
        case .list: .json
        case .text, .paragraph, .choice, .link, .email, .phone, .slug, .currency, .zone, .id, .record, .object, .map,
            .entries, .custom, .anything, .value:
            .text
        }
    }
    /// The column of the table of values that holds them.
    private var column: Column {
        switch type {
        case .decimal, .flag: .number
        case .text, .integer, .uuid, .day, .instant, .json, .other: .text
        }
    }
    private enum Column: String { case text, number }

    // MARK: How does it stand in SQL?

    /// The value that the record called `t` has. What is stored need not fit the definition of today.
    func expression(_ text: inout SQLText) -> String {
        let key = text.bind(.text(key))
        let value = "(t.custom -> \(key))"
        func only(_ type: String, _ expression: String) -> String {
            "CASE WHEN jsonb_typeof\(value) = '\(type)' THEN \(expression) END"
        }
        switch field.kind {
        case .decimal, .integer: return only("number", "\(value)::float8")
        case .money where part == .currency: return only("object", "\(value) ->> 'currency'")
        case .money: return only("object", "(\(value) -> 'minor')::float8")
        case .flag: return only("boolean", "\(value)::boolean")
        case .list: return value
        case .text, .paragraph, .choice, .link, .email, .phone, .slug, .currency, .zone, .id, .record, .object, .map,
            .entries, .custom, .anything, .value, .day, .instant, .reference:
            return only("string", "t.custom ->> \(key)")
        }
    }

    /// The same as the table of values has it, by which is sorted.
    func sorted(_ text: inout SQLText) -> String {
        switch type {
        case .flag: "(\(expression(&text)))::int::float8"
        case .text, .day, .instant, .uuid: "left(\(expression(&text)), \(CustomField.longest))"
        case .decimal, .integer, .json, .other: expression(&text)
        }
    }

    /// Values of it, in rows of the table of values called `v`.
    func rows(_ text: inout SQLText) -> String {
        "v.organization_id = $1 AND v.key = \(text.bind(.text(key)))"
    }
    /// The column of such a row that holds the value.
    var place: String { "v.\(column.rawValue)" }

    /// How a cursor carries it, and whether lists can be sorted by it.
    var sortType: ColumnType? {
        switch type {
        case .flag, .decimal: .decimal
        case .text, .day, .instant, .uuid: .text
        case .json, .integer, .other: nil
        }
    }
}

extension Condition {
    /// Whether the table of values can tell which records fulfil it, by an index.
    var hasIndex: Bool {
        guard let custom = criterion.custom, custom.values != nil, custom.part == .value else { return false }
        switch comparison {
        case .equal, .in:
            // Of longer texts only the beginning lies there.
            return values.allSatisfy { value in
                if case .text(let text) = value { text.unicodeScalars.count < CustomField.longest } else { true }
            }
        case .gt, .gte, .lt, .lte, .between: return true
        case .ne, .nin, .contains, .startsWith, .null: return false
        }
    }

    /// The records that fulfil it, out of the table of values: what a `SELECT v.id` or `SELECT` may stand before. Some
    /// that do not may be among them; the condition itself has the last word.
    func indexed(_ text: inout SQLText) -> String? {
        guard hasIndex, let custom = criterion.custom, let values = custom.values else { return nil }
        let rows = custom.rows(&text)
        return " FROM \(values.sql) v WHERE \(rows) AND \(compared(with: custom.place, &text))"
    }
    private func compared(with place: String, _ text: inout SQLText) -> String {
        guard criterion.type == .flag, case .flag(let flag) = values[0] else {
            return compare(place, isSet: false, &text)
        }
        return "\(place) = \(flag ? 1 : 0)"
    }
}
