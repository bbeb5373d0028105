import FoundationEssentials
import Kernel
import Vault

/// What opens an import.
struct OpenRequest {
    let mapping: String
    let header: [String]
    let file: String
    let dryRun: Bool
    /// The import of several files of which this is one; nil where it is one by itself.
    let partOf: UUID?
    /// Pipelines of the source, described elsewhere.
    let pipelines: [PipelineRule]
    /// Records of the source that are here under other ids, or that it names in other ways, by entity and key in
    /// normal form.
    let same: [String: [String: Same]]
    /// The columns in which something stands; nil where that is not known.
    let filled: Set<String>?
    /// Whether columns that the mapping does not know become custom fields.
    let definesFields: Bool
    /// The calling code of telephone numbers that name none.
    let callingCode: String?
    /// What the rows will say, in few letters; empty where the client does not tell.
    let content: String

    static let fields = [
        Field("mapping", .paragraph(Mapping.limit)).required(),
        Field("header", .list(of: .text(1000), 1000)).required(),
        Field("file", .text(1000)), Field("dry_run", .flag), Field("part_of", .id),
        Field("pipelines", .list(of: .object(pipeline), 100)), Field("same", .list(of: .object(same), 20_000)),
        Field("filled", .list(of: .text(1000), 1000)), Field("define_fields", .flag),
        Field("calling_code", .integer(1...999)), Field("content", .text(100)),
    ]
    private static let stage = [
        Field("key", .text(200)), Field("name", .text(200)).required(),
        Field("kind", .choice(["open", "won", "lost"])).required(), Field("probability", .integer(0...100)),
    ]
    private static let pipeline = [
        Field("key", .text(200)), Field("name", .text(200)).required(),
        Field("stages", .list(of: .object(stage), 200)).required(),
    ]
    private static let same = [
        Field("entity", .text(60)).required(), Field("key", .text(1000)).required(), Field("id", .id),
        Field("as", .text(1000)),
    ]

    /// Which record is meant.
    enum Same: Sendable, Hashable {
        /// The one of this id here.
        case id(UUID)
        /// The one of this key there.
        case key(String)
    }

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
        partOf = values["part_of"]?.string.flatMap(UUID.init(text:))
        pipelines = (values["pipelines"]?.array ?? []).map(PipelineRule.init)
        same = (values["same"]?.array ?? []).reduce(into: [:]) { same, one in
            guard let entity = one["entity"]?.string, let key = one["key"]?.string.flatMap({ Normal.key($0) })
            else { return }
            let id = one["id"]?.string.flatMap(UUID.init(text:)).map(Same.id)
            same[entity, default: [:]][key] = id ?? one["as"]?.string.flatMap { Normal.key($0) }.map(Same.key)
        }
        filled = values["filled"]?.array.map { Set($0.compactMap(\.string)) }
        definesFields = values["define_fields"]?.bool ?? false
        callingCode = values["calling_code"]?.integer.map { String($0) }
        content = values["content"]?.string ?? ""
    }

    /// The columns that become custom fields where the mapping does not read them.
    var toDefine: Set<String> { definesFields ? filled ?? Set(header) : [] }

    /// The same for the same request of the same organization. Events say it, so it gives nothing away of the file's
    /// name, nor of what is in it.
    func id(_ keys: OrganizationKeys) -> UUID {
        var said: [JSON] = [.string(mapping), .array(header.map(JSON.string)), .string(file), .bool(dryRun)]
        if !content.isEmpty { said.append(.string(content)) }
        let text = String(decoding: JSON.array(said).bytes, as: UTF8.self)
        return keys.importID(source: "", entity: "import", externalID: text)
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

extension PipelineRule {
    /// A pipeline as a request describes it.
    fileprivate init(_ json: JSON) {
        self.init(
            key: json["key"]?.string, name: json["name"]?.string ?? "",
            stages: (json["stages"]?.array ?? []).map { stage in
                Stage(
                    key: stage["key"]?.string, name: stage["name"]?.string ?? "", kind: stage["kind"]?.string ?? "",
                    probability: stage["probability"]?.integer)
            })
    }
}
