import Kernel
import Postgres
import Synchronization

/// What the database has to read: tables and views with their columns, and the projections they stand on.
struct Catalog: Sendable {
    /// By name.
    private(set) var relations: [String: Relation]
    /// Whether they are as of a moment.
    private(set) var isPast = false
    private var derived = Derived()
    private let derivedOfPast = Derived()
    /// `COLLATE` for texts that are sorted for people.
    static let collation = " COLLATE read.people"

    init(_ rows: Result) throws(PostgresError) {
        var relations: [String: Relation] = [:]
        for row in rows {
            let name = try row.text(0)
            let column = Relation.Column(
                name: try row.text(1), type: ColumnType(try row.text(2)), isNullable: try !row.bool(3),
                isSorted: try row.bool(5), wasSorted: try row.bool(6))
            if relations[name] == nil {
                let projections = try row.text(orNil: 4)?.split(separator: " ").map(String.init) ?? []
                relations[name] = Relation(
                    name: name, columns: [], projections: projections, hasPast: try row.bool(7))
            }
            relations[name]?.columns.append(column)
        }
        self.relations = relations
    }

    /// The relations as they were at a moment: those of which that is known.
    func at(_ moment: Moment?) -> Catalog {
        if moment == nil { return self }
        var past = self
        past.isPast = true
        past.derived = derivedOfPast
        past.relations = relations.filter(\.value.hasPast).mapValues(\.past)
        return past
    }

    /// The records of an entity, as they can be listed and shown; nil where they are not there. It follows from the
    /// catalogue alone and is asked for by every question, which it would cost a fifth of the server's time.
    func subject(_ entity: any Entity.Type) -> Subject? {
        if let known = derived.subjects.withLock({ $0[entity.name] }) { return known }
        let subject = Subject(entity, in: self)
        derived.subjects.withLock { $0[entity.name] = .some(subject) }
        return subject
    }

    /// What follows from a catalogue, as far as it was asked for.
    private final class Derived: Sendable {
        let subjects = Mutex<[String: Subject?]>([:])
    }
}

/// A table or view of the schema `read`, or what it was at a moment.
struct Relation: Sendable {
    let name: String
    private var schema = "read"
    var columns: [Column]
    /// The projections whose tables it stands on: what to wait for, and whose lowest checkpoint it reflects.
    let projections: [String]
    /// Whether it can be read as of a moment.
    let hasPast: Bool

    init(name: String, columns: [Column], projections: [String], hasPast: Bool = false) {
        (self.name, self.columns, self.projections, self.hasPast) = (name, columns, projections, hasPast)
    }

    struct Column: Sendable {
        let name: String
        let type: ColumnType
        let isNullable: Bool
        /// The name as it stands in SQL.
        let sql: String
        /// Whether a document shows it: the organization is said once, by the caller's token, and rows are chosen by
        /// what was told, but show who stands for it now.
        let isShown: Bool
        /// Whether an index has the organization's rows in its order.
        var isSorted = false
        /// Whether one has its versions so as well, by which lists as of a moment go.
        var wasSorted = false

        /// Before the name of a reference as it was told, where the column of that name shows the record that stands
        /// for it.
        static let told = "told_"

        init(name: String, type: ColumnType, isNullable: Bool, isSorted: Bool = false, wasSorted: Bool = false) {
            (self.name, self.type, self.isNullable) = (name, type, isNullable)
            (self.isSorted, self.wasSorted) = (isSorted, wasSorted)
            sql = SQLText.name(name)
            isShown = name != "organization_id" && !name.hasPrefix(Column.told)
        }
    }

    /// As it stands in SQL.
    var sql: String { "\(schema).\(SQLText.name(name))" }
    /// The same where it is the frame of others' rows: as of a moment at which it did not exist, as it was first.
    var asFrame: String { schema == "read" ? sql : "\(schema).\(SQLText.name(name + "__referred"))" }
    /// Stands behind a question for one row, so that it is answered by itself for each row of a page: where a view
    /// joins more tables than the planner puts in order, it would make all rows first and look among them for the
    /// page's.
    static let fence = " OFFSET 0"
    /// The same as of a moment.
    fileprivate var past: Relation {
        var past = self
        past.schema = "as_of"
        for n in past.columns.indices { past.columns[n].isSorted = columns[n].isSorted && columns[n].wasSorted }
        return past
    }
    /// The projections behind all of them.
    static func projections(_ relations: [Relation?]) -> [String] {
        Set(relations.flatMap { $0?.projections ?? [] }).sorted()
    }
    /// A column by its name.
    func column(_ name: String) -> Column? { columns.first { $0.name == name } }
    /// Those that a document shows.
    var shown: [Column] { columns.filter(\.isShown) }
}

/// What a column holds, as far as questions care.
enum ColumnType: Sendable, Hashable {
    case text, integer, flag, uuid, day, instant, decimal, json, other

    init(_ sql: String) {
        switch sql {
        case "text", "character varying", "name": self = .text
        case "bigint", "integer", "smallint": self = .integer
        case "boolean": self = .flag
        case "uuid": self = .uuid
        case "date": self = .day
        case "timestamp with time zone": self = .instant
        case "numeric", "double precision", "real": self = .decimal
        case "json", "jsonb": self = .json
        case _: self = .other
        }
    }
    /// Whether values have an order that can be asked for.
    var isOrdered: Bool {
        switch self {
        case .text, .integer, .uuid, .day, .instant, .decimal, .flag: true
        case .json, .other: false
        }
    }
}
