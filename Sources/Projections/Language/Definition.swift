import Kernel

/// The type of a column of a read table.
public enum ColumnType: String, Sendable, CaseIterable {
    /// UTF-8 text.
    case text
    /// 64-bit integer.
    case bigint
    /// True or false.
    case boolean
    /// A UUID.
    case uuid
    /// A day without a zone.
    case date
    /// A moment, in microseconds.
    case timestamptz
    /// An exact decimal number.
    case numeric
    /// A JSON document, stored as `jsonb`.
    case json
}

/// A column that a definition names.
public struct Column: Sendable, Equatable {
    /// Its name, as in SQL.
    public let name: String
    /// Its type.
    public let type: ColumnType
}

/// Counts and sums by groups of rows: the table `NAME_totals`.
public struct Totals: Sendable, Equatable {
    /// The columns (by number) that make a group.
    public let by: [Int]
    /// The name of the column that counts the rows.
    public let count: String
    /// The column (by number, a bigint) that is summed, under its own name.
    public let sum: Int?
}

/// One projection: its table and what each event does to a row. Read from a file by `Definition.read`.
public struct Definition: Sendable {
    /// The table's name.
    public let name: String
    /// What it is, for people.
    public let description: String?
    /// Who answers for it.
    public let owner: String?
    /// The file's own version, as written.
    public let version: String?
    /// The columns in the file's order, then those that note since when a row is as it is, where versions are kept.
    /// Each table has besides: organization_id, id, version, position, created_at, updated_at.
    public let columns: [Column]
    /// Which versions of the rows are kept.
    public let history: History?
    /// Counts and sums beside the rows.
    public let totals: Totals?
    /// Secondary indexes, each a list of column names; the organization comes before them, the id behind.
    public let indexes: [[String]]
    /// The event types it takes, in the file's order.
    public var events: [String] { handlers.map(\.event) }
    /// The file it was read from.
    public let file: String
    /// That file's text.
    public let text: String
    let handlers: [Handler]
}

/// What one event type does.
struct Handler: Sendable {
    let event: String
    let steps: [Step]
}

enum Step: Sendable {
    case assign(Int, Assignment)
    case remove
}

/// Where a column's new value comes from.
enum Assignment: Sendable {
    case member([String]), given([String])
    case number(Int64), text(String), id(Cell), null
    case occurredAt, recordedAt, position, actor, stream
    case add(Int64), addMember([String])
    case merge([String])
}

/// The columns that every read table has.
enum Standard {
    static let before = ["organization_id", "id"]
    static let after = ["version", "position", "created_at", "updated_at"]
    static var all: [String] { before + after }
}

extension Definition {
    /// What decides how rows look, in one text: where it is unchanged, a changed file needs no rebuild.
    /// The first word counts the changes of the fold's own meaning.
    func canonical(_ upcasts: Upcasts) -> String {
        var lines = ["1 \(name)"]
        lines += columns.map { "\($0.name) \($0.type.rawValue)" }
        if let history { lines.append(history.canonical) }
        if let totals { lines.append("totals \(totals.by) \(totals.count) \(totals.sum ?? -1)") }
        lines += indexes.map { "index \($0.joined(separator: " "))" }
        for handler in handlers.sorted(by: { $0.event < $1.event }) {
            lines.append("on \(handler.event)")
            lines += handler.steps.map(\.canonical)
        }
        // Rows of an event that was folded in its older shape are other rows.
        let events = Set(handlers.map(\.event))
        lines += upcasts.names.filter { events.contains(String(upcasts.newest($0).prefix { $0 != "@" })) }
            .map { "from \($0) to \(upcasts.newest($0))" }
        return lines.joined(separator: "\n")
    }
}

extension Step {
    fileprivate var canonical: String {
        switch self {
        case .remove: "remove"
        case .assign(let column, let value): "\(column) \(value.canonical)"
        }
    }
}

extension Assignment {
    fileprivate var canonical: String {
        switch self {
        case .member(let path): "member \(path.joined(separator: "."))"
        case .given(let path): "given \(path.joined(separator: "."))"
        case .number(let number): "number \(number)"
        case .text(let text): "text \(text)"
        case .id(let cell): "id \(cell.uuid)"
        case .null: "null"
        case .occurredAt: "$occurred_at"
        case .recordedAt: "$recorded_at"
        case .position: "$position"
        case .actor: "$actor"
        case .stream: "$stream"
        case .add(let number): "add \(number)"
        case .addMember(let path): "add \(path.joined(separator: "."))"
        case .merge(let path): "merge \(path.joined(separator: "."))"
        }
    }
}
