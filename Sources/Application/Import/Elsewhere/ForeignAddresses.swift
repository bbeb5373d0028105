import Kernel

/// The e-mail addresses of another CRM that has a table of them, and beside it one that says whose they are.
struct ForeignAddresses: Sendable {
    /// By the key of each there.
    private var texts: [String: String] = [:]

    /// The column of it: none that a file has.
    static let columns = ["~address"]

    mutating func know(_ survey: Survey) throws(CSV.Unreadable) {
        let (id, text) = (Self.key(survey), survey.column("email_address"))
        try survey.each { _, fields in
            if let key = Survey.key(fields, id) { texts[key] = Survey.cell(fields, text) }
        }
    }

    static func key(_ survey: Survey) -> Int? { survey.column("id") }
    /// Which address a row of the other table means.
    static func link(_ survey: Survey) -> Int? { survey.column("email_address_id") }

    /// The cell behind a row's own.
    func cells(_ fields: [String], _ link: Int?) -> [String] {
        [Survey.key(fields, link).flatMap { texts[$0] } ?? ""]
    }
}

extension FolderImport {
    /// Sends whose the addresses are; what becomes of these rows became of the addresses that they name.
    func take(addresses parts: [Part]) async throws {
        let tables = parts.filter { $0.kind.role == .addresses }
        let owning = parts.filter { $0.kind.role == .addressed && !$0.isBeside }
        guard !tables.isEmpty, !owning.isEmpty else {
            // Neither says anything alone.
            summary.unknown += (tables + owning).filter { !$0.isBeside }.map(\.table.name)
            return
        }
        var addresses = ForeignAddresses()
        for part in tables { try addresses.know(part.survey) }
        var taken: Set<String> = []
        for part in owning {
            let (known, link) = (addresses, ForeignAddresses.link(part.survey))
            let table = part.with(ForeignAddresses.columns) { known.cells($0, link) }
            let file = try await take(part, table, part.kind.kind, reading: [link].compactMap(\.self))
            try part.survey.each { line, fields in
                if file.lines.accepted.contains(line), let key = Survey.key(fields, link) { taken.insert(key) }
            }
            summary.files.append(file)
        }
        for part in tables where !part.isBeside {
            let key = ForeignAddresses.key(part.survey)
            summary.files.append(
                try count(part) { _, fields in
                    Survey.key(fields, key).map(taken.contains) == true ? .accepted : .unchanged
                })
        }
    }
}
