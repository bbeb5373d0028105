import FoundationEssentials
import Kernel

/// What the tables of a folder tell of the past of its records.
struct PastTables {
    /// Tables of the past, and what they tell.
    fileprivate var histories: [(part: FolderImport.Part, told: ForeignHistory.Told)] = []
    /// The past of each record, by the kind of its table and the file that holds it.
    fileprivate var pasts: [String: [String: ForeignPast]] = [:]
    /// What became of each record, by the kind of its table and its key.
    fileprivate var fates: [String: [String: Fate]] = [:]
    /// The columns of which anything was taken, by the kind of their table.
    fileprivate var taken: [String: Set<String>] = [:]

    /// What became of a record.
    fileprivate enum Fate {
        case accepted, unchanged, rejected
        /// It was here before the import: its past is told only when it is made.
        case known
        /// It was made without its past, which was refused.
        case pastRefused

        init(of line: Int, _ lines: ImportRun.Summary.Lines) {
            if lines.rejected.contains(line) {
                self = .rejected
            } else if lines.pastRefused.contains(line) {
                self = .pastRefused
            } else if lines.untold.contains(line) {
                self = .known
            } else {
                self = lines.accepted.contains(line) ? .accepted : .unchanged
            }
        }
    }

    /// What happened to the records of a table; nil where no table tells.
    func of(_ part: FolderImport.Part) -> ForeignPast? { pasts[part.kind.kind]?[part.table.name] }

    /// Remembers what became of the records of a table.
    mutating func know(_ part: FolderImport.Part, _ file: FileSummary) throws {
        guard let past = of(part) else { return }
        let kind = part.kind.kind
        taken[kind, default: []].formUnion(past.told.subtracting(file.unused))
        var own = fates[kind] ?? [:]
        try part.survey.each { line, fields in
            // Of several rows of one record, one that was taken counts.
            guard let name = past.key(fields), own[name] ?? .rejected == .rejected else { return }
            own[name] = Fate(of: line, file.lines)
        }
        fates[kind] = own
    }
}

// MARK: What do tables tell of the past?

extension FolderImport {
    /// What happened to the records of each table.
    func past(_ parts: [Part]) throws -> PastTables {
        var past = PastTables()
        let histories = parts.filter { $0.kind.tellsOf != nil }
        let keys = histories.isEmpty ? [] : try unusualKeys(parts)
        for kind in Set(histories.compactMap(\.kind.tellsOf)).sorted() {
            let own = histories.filter { $0.kind.tellsOf == kind }
            let records = parts.filter { $0.kind.kind == kind }
            guard let first = records.first else {
                // What is told of records needs their own table.
                summary.unknown += own.filter { !$0.isBeside }.map(\.table.name)
                continue
            }
            let columns = try records.map { try self.columns(of: $0) }
            let subject = ForeignHistory.Subject(
                system: options.system, kind: first.kind, columns: columns, keys: keys, now: options.now)
            let told = try own.map { ($0, try ForeignHistory.read($0.survey, of: subject)) }
            var changes: [String: [ForeignHistory.Change]] = [:]
            for (_, told) in told { changes.merge(told.changes) { $0 + $1 } }
            if told.count > 1 { for key in changes.keys { changes[key]?.sort() } }
            let fields = Set(changes.values.joined().flatMap(\.cells.keys))
            for (part, columns) in zip(records, columns) {
                past.pasts[kind, default: [:]][part.table.name] = ForeignPast(columns, changes, fields: fields)
            }
            past.histories += told.map { (part: $0, told: $1) }
        }
        return past
    }

    /// The columns of a table of records, as tables of their past name them.
    func columns(of part: Part) throws -> ForeignColumns {
        let name = "\(options.system.rawValue)-\(part.kind.kind)"
        guard let text = mapping(name) else { throw CSV.Unreadable("There is no mapping \(name).") }
        return ForeignColumns(options.system, try MappingOutline(of: text), part.survey.header)
    }

    /// What stands where tables hold ids and is not written as Salesforce writes these; nothing of another system,
    /// which tells by names nothing that it tells by keys.
    private func unusualKeys(_ parts: [Part]) throws -> Set<String> {
        guard options.system == .salesforce else { return [] }
        var keys: Set<String> = []
        for part in parts where part.kind.tellsOf == nil {
            let ids = part.survey.header.indices.filter { ForeignColumns.holdsIDs(part.survey.header[$0]) }
            try part.survey.each { _, fields in
                keys.formUnion(ids.compactMap { Survey.key(fields, $0) }.filter { !SalesforceID.isOne($0) })
            }
        }
        return keys
    }

    /// Sends a table of records.
    func take(records part: Part, _ past: PastTables) async throws -> FileSummary {
        guard let past = past.of(part) else { return try await take(part, part.table, part.kind.kind) }
        let table = part.with([ForeignPast.column]) { past.cells($0) }
        return try await take(part, table, part.kind.kind, telling: past.told)
    }

    // MARK: What became of the rows that tell of the past?

    /// Counts the rows of the tables that tell of the past of a kind of records, when all of these were sent.
    func tell(of kind: ForeignTable, _ past: PastTables) throws {
        for (part, told) in past.histories where part.kind.tellsOf == kind.kind && !part.isBeside {
            summary.files.append(try self.told(part, told, kind, past))
        }
    }

    /// Rows of the past: what became of their records became of them; those that tell nothing are rejected.
    private func told(
        _ part: Part, _ told: ForeignHistory.Told, _ kind: ForeignTable, _ past: PastTables
    ) throws -> FileSummary {
        let (fates, taken) = (past.fates[kind.kind] ?? [:], past.taken[kind.kind] ?? [])
        let columns = (past.pasts[kind.kind] ?? [:]).values
        let used = Set(told.columns.values).filter { column in
            columns.contains { $0.columns[column].map(taken.contains) == true }
        }
        var known = 0
        var file = try count(part) { line, _ in
            if let flaw = told.untold[line] { return .rejected(flaw) }
            if let column = told.columns[line], !used.contains(column) {
                let reason = "Nothing is taken of \(column); --define-fields makes a field of it."
                return .rejected(RowFlaw(nil, "import.field_unknown", reason))
            }
            let record = "The \(kind.singular) that it is about"
            switch told.records[line].flatMap({ fates[$0] }) {
            case .accepted?: return .accepted
            case .unchanged?: return .unchanged
            case .known?:
                known += 1
                return .unchanged
            case .pastRefused?:
                let reason = "\(record) was made without its past; its own row says why."
                return .rejected(RowFlaw(nil, "import.past_refused", reason))
            case .rejected?:
                return .rejected(RowFlaw(nil, "import.reference_missing", "\(record) was rejected."))
            case nil: return .rejected(RowFlaw(nil, "import.reference_missing", "\(record) is not in the folder."))
            }
        }
        if known > 0 {
            file.notes.append(
                "\(known) rows are of \(kind.plural) that were here before this import, and were left out: what "
                    + "happened to a \(kind.singular) is told when it is made.")
        }
        return file
    }
}
