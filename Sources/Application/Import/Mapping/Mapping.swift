import Kernel

/// What the rows of a file mean: which records they make, from which columns, and what happened to them when.
///
/// Written in YAML (docs/imports.md); read against the entities and the file's header, so that a mapping which was
/// taken names nothing that is not there.
public struct Mapping: Sendable {
    /// Its name: "maven-accounts".
    public let name: String
    /// The system that the file comes from, in normal form. With entity and key it makes a record's id.
    public let source: String
    /// How the file is written.
    public let format: CSV.Format
    /// What must be there before the first row.
    let prepares: Preparation
    /// What each row makes, in order.
    let records: [RecordRule]
    /// Columns of the file that nothing reads.
    let unused: [String]
    /// The zone of times that name none; nil: the organization's.
    var times: String?
    /// Whether a value that its member does not take is left out and told, and the row taken without it.
    var leavesUnfit = false

    /// Names of the entities that rows write: a reference to one of them may point further down the file.
    var written: Set<String> { Set(records.map(\.entity.name)) }

    /// How large a mapping may be, in bytes.
    static let limit = 128 << 10
}

/// What of an organization its imports depend on.
struct ImportSettings: Sendable, Hashable {
    /// An IANA time zone: a bare day begins at its midnight there.
    var zone = "UTC"
    /// The currency of amounts where a mapping names none.
    var currency: Currency?
    /// The fields that it defined, by entity and key.
    var custom: [String: [String: Field.Kind]] = [:]
    /// The calling code of telephone numbers that name none: "44".
    var callingCode: String?
    /// Pipelines that other files of the source describe.
    var pipelines: [PipelineRule] = []
}
