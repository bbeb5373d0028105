import Kernel
import Yams

/// What a mapping says of its first record before a header is known: which columns name it and when it was made, and
/// how else columns are spelled.
struct MappingOutline: Sendable {
    /// What the record is.
    let entity: EntityFacts?
    private let key, occurred: [String]
    /// Other spellings of columns, by the one that the mapping uses.
    private let spellings: [String: [String]]

    /// - Throws: `mapping.invalid` (422) where it is no mapping at all.
    init(of yaml: String) throws(Problem) {
        let root = try Mapping.root(of: yaml)
        func names(_ node: Node?) -> [String] {
            (node.map { $0.sequence.map(Array.init) ?? [$0] } ?? []).compactMap { $0.string ?? $0["column"]?.string }
        }
        let record = root["records"]?.sequence?.first
        entity = record?["entity"]?.string.flatMap { EntityFacts.all[$0] }
        (key, occurred) = (names(record?["key"]), names(record?["occurred"]))
        let columns = (root["columns"]?.mapping ?? [:]).map { ($0.key.string ?? "", names($0.value)) }
        spellings = Dictionary(columns) { first, _ in first }
    }

    /// The columns that name the record.
    func key(in header: Header) -> [FileColumn] { columns(key, header) }
    /// The columns that tell when it was made.
    func occurred(in header: Header) -> [FileColumn] { columns(occurred, header) }
    private func columns(_ names: [String], _ header: Header) -> [FileColumn] {
        names.compactMap { header.column($0, or: spellings[$0] ?? []) }
    }

    /// The column that is meant by any of its spellings.
    func column(_ name: String, in header: Header) -> FileColumn? {
        let wanted = Header.fold(name)
        let spelled = spellings.sorted { $0.key < $1.key }.first { own, others in
            ([own] + others).contains { Header.fold($0) == wanted }
        }
        return spelled.flatMap { header.column($0.key, or: $0.value) } ?? Header.one(of: header.columns(name))
    }
}
