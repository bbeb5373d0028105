import Kernel

/// The columns of a table of records, as tables of their past name them.
struct ForeignColumns: Sendable {
    let outline: MappingOutline
    let header: Header
    private let system: ForeignSystem

    init(_ system: ForeignSystem, _ outline: MappingOutline, _ header: [String]) {
        (self.system, self.outline, self.header) = (system, outline, Header(header))
    }

    /// The column of a field; nil where there is none. Salesforce names what a record refers to without its `Id`, and
    /// tells by words of their own who became its owner.
    func column(of field: String) -> String? {
        guard system == .salesforce else { return outline.column(field, in: header)?.name }
        let isOwner = ["ownerassignment", "owneraccepted"].contains(field.lowercased())
        let names = isOwner ? ["OwnerId"] : [field + "Id", field]
        return names.lazy.compactMap { outline.column($0, in: header)?.name }.first
    }

    /// Whether the ids of Salesforce stand there.
    static func holdsIDs(_ column: String) -> Bool { column.lowercased().hasSuffix("id") }
}
