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
    /// What a row stands for.
    let key: Key
    /// What it is, for people.
    public let description: String?
    /// Who answers for it.
    public let owner: String?
    /// The file's own version, as written.
    public let version: String?
    /// The columns in the file's order, then those that note since when a row is as it is, where versions are kept.
    /// Each table has besides: organization_id, id, version (only where a row is a stream's), position, created_at,
    /// updated_at.
    public let columns: [Column]
    /// Which versions of the rows are kept.
    public let history: History?
    /// Counts and sums beside the rows.
    public let totals: Totals?
    /// Secondary indexes, each a list of column names; the organization comes before them, the id behind.
    public let indexes: [[String]]
    /// The text columns (by number) in which words are searched.
    public let search: [Int]
    /// The json column (by number) whose members lie beside the rows as values, by which rows are found and sorted.
    public let values: Int?
    /// The keys of these values by which two rows are a pair: the table `NAME_pairs`.
    public let pairs: [String]
    /// The event types it takes, in the file's order.
    public var events: [String] { handlers.map(\.event) }
    /// The file it was read from.
    public let file: String
    /// That file's text.
    public let text: String
    let handlers: [Handler]
}

/// What one event type does: each case whose condition holds, in the file's order.
struct Handler: Sendable {
    let event: String
    let cases: [Case]
}

/// What happens to a row, or to one row for each element.
struct Case: Sendable {
    /// The list or object whose elements are taken one by one.
    var each: [String]?
    var when: Condition<Source>?
    /// The values of the key's columns, in their order; none where the stream is the key.
    var key: [Expression<Source>] = []
    var steps: [Step] = []
}

enum Step: Sendable {
    case assign(Int, Assignment)
    case remove
}

/// What a column becomes.
enum Assignment: Sendable {
    case set(Expression<Source>)
    /// Left alone where the member is absent.
    case given(Source)
    case add(Expression<Source>)
    case subtract(Expression<Source>)
    case merge(Source)
    /// Elements put behind a list.
    case append(Expression<Source>)
    /// The same of those that are not in it.
    case collect(Expression<Source>)
    /// Elements taken out of a list.
    case remove(Expression<Source>)
    /// By what the row is found as another that may be the same, from its other columns.
    case match([MatchPart])
}

/// Columns (by number) that are compared alike.
struct MatchPart: Sendable {
    let form: Match.Form
    let columns: [Int]
}

/// What a row stands for.
enum Key: Sendable, Equatable {
    /// A stream: the row's id is the stream's.
    case stream
    /// What these columns (by number) hold; several streams may feed a row, and one event several rows. A single uuid
    /// is the row's id; else the id follows from the values.
    case columns([Int])
}

/// The columns that every read table has.
enum Standard {
    static let before = ["organization_id", "id"]
    static let after = ["version", "position", "created_at", "updated_at"]
}

extension Definition {
    /// What decides how rows look, in one text: where it is unchanged, a changed file needs no rebuild.
    /// The first word counts the changes of the fold's own meaning.
    func canonical(_ upcasts: Upcasts) -> String {
        var lines = ["1 \(name)"]
        if case .columns(let columns) = key { lines.append("key \(columns)") }
        lines += columns.map { "\($0.name) \($0.type.rawValue)" }
        if let history { lines.append(history.canonical) }
        if let totals { lines.append("totals \(totals.by) \(totals.count) \(totals.sum ?? -1)") }
        lines += indexes.map { "index \($0.joined(separator: " "))" }
        if !search.isEmpty { lines.append("search \(search)") }
        if let values { lines.append("values \(values)") }
        if !pairs.isEmpty { lines.append("pairs \(pairs)") }
        for handler in handlers.sorted(by: { $0.event < $1.event }) {
            lines.append("on \(handler.event)")
            // A case that stands alone and asks nothing reads as it always did.
            let isAlone = handler.cases.count == 1
            lines += handler.cases.flatMap { (isAlone ? [] : ["case"]) + $0.canonical }
        }
        // Rows of an event that was folded in its older shape are other rows.
        let events = Set(handlers.map(\.event))
        lines += upcasts.names.filter { events.contains(String(upcasts.newest($0).prefix { $0 != "@" })) }
            .map { "from \($0) to \(upcasts.newest($0))" }
        return lines.joined(separator: "\n")
    }
}

extension Definition {
    /// The columns behind the file's own.
    var standardAfter: [String] { key == .stream ? Standard.after : Array(Standard.after.dropFirst()) }
    /// The columns that are never empty.
    var required: [String] {
        guard case .columns(let columns) = key else { return Standard.before + standardAfter }
        return Standard.before + standardAfter + columns.map { self.columns[$0].name }
    }

    /// Whether all events of a row are of one stream: the row is the stream's, or its key has the stream in it, or the
    /// event's own position. Else a row depends on the order of several streams.
    var rowsAreOfOneStream: Bool {
        guard case .columns(let columns) = key else { return true }
        return columns.indices.contains { n in
            handlers.allSatisfy { handler in
                handler.cases.allSatisfy { one in
                    switch one.key[n] {
                    case .stream, .position: true
                    case _: false
                    }
                }
            }
        }
    }
}

extension Case {
    fileprivate var canonical: [String] {
        var lines: [String] = []
        if let each { lines.append("each \(each.joined(separator: "."))") }
        if let when { lines.append("when \(when.canonical)") }
        if !key.isEmpty { lines.append("of \(key.map(\.canonical).joined(separator: ", "))") }
        return lines + steps.map(\.canonical)
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
        case .set(let value): value.canonical
        case .given(let place): "given \(place.canonical)"
        case .add(.number(let number)): "add \(number)"
        case .add(.place(let place)): "add \(place.canonical)"
        case .add(let value): "add (\(value.canonical))"
        case .subtract(let value): "subtract (\(value.canonical))"
        case .merge(let place): "merge \(place.canonical)"
        case .append(let value): "append (\(value.canonical))"
        case .collect(let value): "collect (\(value.canonical))"
        case .remove(let value): "remove (\(value.canonical))"
        // The number counts the changes of what is made of them.
        case .match(let parts): "match 1 \(parts.map { "\($0.form.rawValue) \($0.columns)" })"
        }
    }
}

extension Assignment {
    /// The places that it reads.
    var places: [Source] {
        switch self {
        case .set(let value), .add(let value), .subtract(let value), .append(let value), .collect(let value),
            .remove(let value):
            value.places
        case .given(let place), .merge(let place): [place]
        case .match: []
        }
    }
}
