import Kernel

/// Records that the rows of a list refer to, and that can be shown with them: `include=account,owner`.
struct Related: Sendable {
    /// The field's name without `_id`: `account`.
    let name: String
    /// What they are.
    let entity: String
    /// The column that refers to them.
    let column: String
    /// What is shown of them.
    let document: Relation

    /// Nil where the field refers to nothing that can be shown.
    init?(_ field: Field, of owner: Relation, in catalog: Catalog) {
        guard case .reference(let entity) = field.kind, field.name.hasSuffix("_id"), owner.column(field.name) != nil,
            let document = catalog.relations["\(entity)_documents"]
        else { return nil }
        let name = String(field.name.dropLast(3))
        if owner.column(name) != nil { return nil }
        (self.name, self.entity, column, self.document) = (name, entity, field.name, document)
    }
}

/// What is shown of each row: its own members, and records that it refers to with theirs.
///
/// `fields` names members, also of records that are included (`fields=title,account.name`); where none of theirs is
/// named they are shown whole.
struct Shown: Sendable {
    static let names = ["fields", "include"]
    /// The row's own members.
    private(set) var members: [String]
    private var included: [(related: Related, members: [String])] = []
    /// Whether everything of the row is shown and nothing else.
    private(set) var isWhole = true
    /// Whether the records that it refers to are shown with it.
    var includesOthers: Bool { !included.isEmpty }

    init(_ parameters: [Parameter], of subject: Subject) throws(Problem) {
        members = subject.document.shown.map(\.name)
        isWhole = !parameters.contains { Self.names.contains($0.name) }
        if let text = parameters.first(where: { $0.name == "include" })?.value { try include(text, subject) }
        if let text = parameters.first(where: { $0.name == "fields" })?.value { try show(text, subject) }
    }

    private mutating func include(_ text: String, _ subject: Subject) throws(Problem) {
        for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard let related = subject.related[name] else {
                throw .parameter("include", "There is no \(name.prefix(60)) to include.")
                    .knowing(subject.related.keys.sorted())
            }
            guard !included.contains(where: { $0.related.name == name }) else {
                throw .parameter("include", "include names \(name) twice.")
            }
            included.append((related, related.document.shown.map(\.name)))
        }
    }

    private mutating func show(_ text: String, _ subject: Subject) throws(Problem) {
        let known = members
        var own: Set<String> = []
        var theirs: [String: Set<String>] = [:]
        for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if included.contains(where: { $0.related.name == name }) {
                continue
            } else if let part = included.first(where: { parts.count == 2 && $0.related.name == parts[0] }) {
                guard part.members.contains(parts[1]) else {
                    let all = part.members.joined(separator: ", ")
                    throw .parameter(
                        "fields", "There is no member \(name.prefix(60)). Of \(parts[0]) there are \(all).")
                }
                theirs[parts[0], default: []].insert(parts[1])
            } else if known.contains(name) {
                own.insert(name)
            } else {
                throw .parameter("fields", "There is no member \(name.prefix(60)).").knowing(known)
            }
        }
        members = known.filter(own.contains)
        for n in included.indices {
            guard let wanted = theirs[included[n].related.name] else { continue }
            included[n].members = included[n].members.filter(wanted.contains)
        }
    }

    /// The columns of a document, of the row `row`: each record that is included is found by its key. Which that is may
    /// take a question of its own, whom it was merged into; asked where the record is looked for, that would keep
    /// row-level security from using the index.
    func columns(of document: Relation, row: String) -> String {
        let own = document.columns(members, of: row)
        let theirs = included.map { related, members in
            let place = "\(row).\(SQLText.name(related.column))"
            return "(SELECT row_to_json(r) FROM (SELECT \(place) AS id OFFSET 0) k CROSS JOIN LATERAL ("
                + "SELECT \(related.document.columns(members, of: "i")) "
                + "FROM \(related.document.sql) i WHERE i.organization_id = $1 AND i.id = k.id OFFSET 0) r) "
                + "AS \(SQLText.name(related.name))"
        }
        return ([own] + theirs).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// What is included, what it is, and the members that are shown of it.
    var includes: [(name: String, entity: String, members: [String])] {
        included.map { ($0.related.name, $0.related.entity, $0.members) }
    }
    /// The projections behind what is included.
    var projections: [String] { included.flatMap(\.related.document.projections) }
}
