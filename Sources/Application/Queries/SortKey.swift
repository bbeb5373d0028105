import FoundationEssentials
import Kernel
import Postgres

/// One key of an order.
struct SortKey: Sendable {
    /// What is sorted by.
    let place: Criterion.Place
    /// How a cursor carries its values.
    let type: ColumnType
    /// Whether it can be empty.
    private(set) var isNullable: Bool
    let isDescending: Bool
    /// Whether an index of the rows themselves has them in its order.
    let isSorted: Bool

    init(_ column: Relation.Column, descending: Bool = false) {
        (place, type, isNullable) = (.column(column.name), column.type, column.isNullable)
        (isDescending, isSorted) = (descending, column.isSorted)
    }
    /// Nil where nothing can be sorted by it.
    init?(_ criterion: Criterion, in table: Relation, descending: Bool) {
        switch criterion.place {
        case .column(let name):
            guard let column = table.column(name), column.type.isOrdered else { return nil }
            self.init(column, descending: descending)
        case .custom(let custom):
            guard let type = custom.sortType else { return nil }
            self.init(place: criterion.place, type: type, isNullable: true, isDescending: descending)
        case .tags, .condition: return nil
        }
    }
    private init(place: Criterion.Place, type: ColumnType, isNullable: Bool, isDescending: Bool) {
        (self.place, self.type, self.isNullable, self.isDescending) = (place, type, isNullable, isDescending)
        isSorted = false
    }
    /// The same of rows that have a value.
    var present: SortKey {
        var present = self
        present.isNullable = false
        return present
    }

    /// The column or field, by which keys are told apart.
    var name: String {
        switch place {
        case .column(let name): name
        case .custom(let custom): custom.name
        case .tags, .condition: ""
        }
    }
    /// The field of the organization's own that it is, where a table of values has it.
    var indexed: (field: CustomField, values: Relation)? {
        guard case .custom(let custom) = place, custom.part == .value, let values = custom.values else { return nil }
        return (custom, values)
    }
    /// Its SQL, of the row called `t`.
    func expression(_ text: inout SQLText) -> String {
        switch place {
        case .column(let name): "t.\(SQLText.name(name))"
        case .custom(let custom): custom.sorted(&text)
        case .tags: "t.tags"
        case .condition(let condition): condition
        }
    }
}

// MARK: What does a cursor carry?

extension SortKey {
    /// A value as a cursor carries it.
    func json(_ row: Row, _ index: Int) throws(PostgresError) -> JSON {
        if row.isNull(index) { return .null }
        switch type {
        case .text, .decimal, .json, .other: return .string(try row.text(index))
        case .integer: return .integer(try row.bigint(index))
        case .flag: return .bool(try row.bool(index))
        case .uuid: return .string(try row.uuid(index).text)
        case .day: return .integer(Int64(try row.date(index)))
        case .instant: return .integer(try row.timestamptz(index))
        }
    }

    /// The value of what a cursor carried, as SQL.
    func bind(_ json: JSON, _ text: inout SQLText) throws(Problem) -> String {
        let value: Value? =
            switch type {
            case .text, .json, .other: json.string.map(Value.text)
            case .decimal: json.string.map(Value.decimal)
            case .integer: json.integer.map(Value.integer)
            case .flag: json.bool.map(Value.flag)
            case .uuid: json.string.flatMap { UUID(text: $0) }.map(Value.uuid)
            case .day: json.integer.flatMap { Int32(exactly: $0) }.map(Value.day)
            case .instant: json.integer.map(Value.instant)
            }
        guard let value else { throw .badCursor("It is not of this list.") }
        let bound = text.bind(value)
        switch place {
        case .custom where type == .decimal: return "\(bound)::float8"
        case .custom, .column, .tags, .condition: return bound
        }
    }
}
