import FoundationEssentials
import Kernel
import Vault

/// What opens an import.
struct OpenRequest {
    let mapping: String
    let header: [String]
    let file: String
    let dryRun: Bool

    static let fields = [
        Field("mapping", .paragraph(Mapping.limit)).required(),
        Field("header", .list(of: .text(1000), 1000)).required(),
        Field("file", .text(1000)), Field("dry_run", .flag),
    ]

    init(_ body: JSON) throws(Problem) {
        var flaws: [Flaw] = []
        guard case .object(let members) = body else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(body.kind)")])
        }
        // The mapping is taken as it stands: lines and columns of what is wrong in it are the writer's.
        let values = Self.fields.normal(members, partial: false, flaws: &flaws)
        guard flaws.isEmpty, let mapping = members["mapping"]?.string else { throw .invalid(flaws) }
        self.mapping = mapping
        header = (members["header"]?.array ?? []).compactMap(\.string)
        file = values["file"]?.string ?? ""
        dryRun = values["dry_run"]?.bool ?? false
    }

    /// The same for the same request of the same organization. Events say it, so it gives nothing away of the file's
    /// name.
    func id(_ keys: OrganizationKeys) -> UUID {
        let said: JSON = [.string(mapping), .array(header.map(JSON.string)), .string(file), .bool(dryRun)]
        return keys.importID(source: "", entity: "import", externalID: String(decoding: said.bytes, as: UTF8.self))
    }
}

/// A batch of rows.
struct RowsRequest {
    let rows: [FileRow]
    /// Whether what a row refers to is not going to come any more.
    let isFinal: Bool
    /// Lines that yielded events in an earlier request: they are accepted even where nothing is left to do.
    let taken: Set<Int>

    static let fields = [
        Field("first", .integer(1...Int64(Int32.max))),
        Field("lines", .list(of: .integer(1...Int64(Int32.max)), Imports.batch)),
        Field("rows", .list(of: .list(of: .paragraph(1 << 20), 1000), Imports.batch)).required(),
        Field("final", .flag), Field("taken", .list(of: .integer(1...Int64(Int32.max)), Imports.batch)),
    ]

    /// - Parameter width: fields in a row.
    init(_ body: JSON, width: Int) throws(Problem) {
        guard case .object(let members) = body else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(body.kind)")])
        }
        var flaws: [Flaw] = []
        for name in members.keys where !Self.fields.contains(where: { $0.name == name }) {
            flaws.append(Flaw("/\(Pointer.escape(name))", "unknown_member", "there is no such member"))
        }
        let given = members["rows"]?.array ?? []
        if given.isEmpty || given.count > Imports.batch {
            flaws.append(Flaw("/rows", "out_of_range", "from 1 to \(Imports.batch) rows"))
        }
        let first = members["first"].flatMap(\.integer).map { Int($0) } ?? 2
        let lines = members["lines"]?.array?.compactMap(\.integer).map { Int($0) } ?? given.indices.map { first + $0 }
        if lines.count != given.count { flaws.append(Flaw("/lines", "out_of_range", "as many lines as rows")) }
        var rows: [FileRow] = []
        for (index, row) in given.enumerated() where flaws.isEmpty {
            let cells = row.array?.compactMap(\.string) ?? []
            guard cells.count == width, row.array?.count == width else {
                flaws.append(Flaw("/rows/\(index)", "out_of_range", "a row has \(width) texts, as the header has"))
                break
            }
            rows.append(FileRow(line: lines[index], cells))
        }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        self.rows = rows
        isFinal = members["final"]?.bool ?? false
        taken = Set(members["taken"]?.array?.compactMap(\.integer).map { Int($0) } ?? [])
    }
}
