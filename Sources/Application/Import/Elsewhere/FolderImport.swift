import Foundation
import Kernel

/// The client's side of importing a folder of another CRM's tables, as one import: it looks which tables there are,
/// finds out what they tell of each other (owners, pipelines, histories), and sends them in the order of their
/// references. What becomes of each row is counted, and that nothing is missing is checked.
public final class FolderImport {
    /// What the tables are of, and what is asked.
    public struct Options: Sendable {
        /// Whose tables they are.
        public var system: ForeignSystem
        /// Where they lie.
        public var folder: String
        /// The one file there that is imported, such as one of rejected rows; nil: all of them. What tables beside it
        /// say of users, pipelines and the past of deals is heeded.
        public var only: Only?
        /// Where rejected rows are written.
        public var rejects: String
        /// Whether everything is only told.
        public var dryRun = false
        /// Whether columns that no mapping knows become custom fields.
        public var definesFields = false
        /// The calling code of telephone numbers that name none: 44.
        public var callingCode: Int?
        /// The time now: what is to come cannot have happened.
        public var now: Instant

        /// One file of a folder.
        public struct Only: Sendable {
            /// Its name.
            public var file: String
            /// What it holds ("opportunities"); nil where its name says that.
            public var kind: String?

            /// A file.
            public init(_ file: String, kind: String? = nil) { (self.file, self.kind) = (file, kind) }
        }

        /// Options.
        public init(_ system: ForeignSystem, folder: String, rejects: String, now: Instant) {
            (self.system, self.folder, self.rejects, self.now) = (system, folder, rejects, now)
        }
    }

    /// A member of the organization, to whom records of the other system's users may belong.
    public struct Colleague: Sendable {
        /// The member's id.
        public let id: String
        /// Its name.
        public let name: String
        /// Its address.
        public let email: String?

        /// A member.
        public init(id: String, name: String, email: String?) { (self.id, self.name, self.email) = (id, name, email) }
    }

    let options: Options
    let mapping: (String) -> String?
    let send: ImportRun.Send
    let files: FileCarrier?
    let report: (String, ImportRun.Progress) -> Void
    var owners: ForeignOwners
    var summary = FolderSummary()
    /// The import of which all files are parts.
    private var whole = ""
    /// What the tables say, in few letters: of the same tables it is the same import.
    private var content = ""

    /// A table of the folder, ready to be sent.
    struct Part {
        let kind: ForeignTable
        let table: any ImportTable
        let survey: Survey
        /// Whether it is only heeded, since another file of the folder is imported.
        var isBeside = false

        /// The table with columns that are worked out of each row.
        func with(_ columns: [String], _ cells: @escaping @Sendable ([String]) -> [String]) -> DerivedTable {
            DerivedTable(base: table, ownColumns: survey.header.count, header: survey.header + columns) {
                $0 + cells($0)
            }
        }
    }

    /// - Parameters:
    ///   - colleagues: the members that are there.
    ///   - mapping: the text of the mapping of a name that comes along.
    ///   - send: how the server is asked; safe to repeat.
    ///   - files: how files reach it; nil: they stay where they are, and their table is named.
    ///   - report: told of progress, with the file's name.
    public init(
        _ options: Options, colleagues: [Colleague], mapping: @escaping (String) -> String?,
        send: @escaping ImportRun.Send, files: FileCarrier? = nil,
        report: @escaping (String, ImportRun.Progress) -> Void = { _, _ in }
    ) {
        (self.options, self.mapping, self.send, self.files) = (options, mapping, send, files)
        self.report = report
        owners = ForeignOwners(colleagues)
    }

    /// Imports the folder.
    /// - Throws: `CSV.Unreadable`, what `send` throws, or what hinders a reject file.
    public func run() async throws -> FolderSummary {
        let parts = try parts()
        content = ContentDigest.of(parts.map { ($0.table.name, $0.survey.digest) })
        for part in parts where part.kind.role == .members { try owners.know(part.survey) }
        var past = try past(parts)
        var deals = try deals(parts, past)
        let last = Dictionary(parts.map { ($0.kind, $0.table.name) }) { $1 }
        var pending: [(part: Part, first: FileSummary)] = []
        for part in parts where !part.isBeside {
            var file: FileSummary
            switch part.kind.role {
            case .history, .pipelines, .stages, .addressed, .addresses, .files: continue
            case .activities:
                let subject = ForeignSubject(options.system, part.survey)
                let table = part.with(ForeignSubject.columns) { subject.cells($0) }
                file = try await take(part, table, part.kind.kind, reading: subject.reads)
            case .meetings:
                let meetings = ForeignMeetings(options.system, part.survey, now: options.now)
                let table = part.with(ForeignMeetings.columns) { meetings.cells($0) }
                file = try await take(part, table, part.kind.kind, reading: meetings.reads)
            case .records, .members: file = try await take(records: part, past)
            case .deals: file = try await take(part, &deals, past)
            }
            try past.know(part, file)
            let isLast = last[part.kind] == part.table.name
            if comesTwice(part.kind) { pending.append((part, file)) } else { summary.files.append(file) }
            if isLast, part.kind.role == .deals { try tell(of: deals) }
            if isLast { try tell(of: part.kind, past) }
        }
        try await take(addresses: parts.filter { [.addresses, .addressed].contains($0.kind.role) })
        for (part, first) in pending {
            let second = try await take(part, part.table, part.kind.kind + "-after")
            summary.files.append(first.followed(by: second))
        }
        for part in parts where part.kind.role == .files && !part.isBeside {
            if let files { summary.files.append(try await carry(part, by: files)) }
        }
        let takesUsers = parts.contains { $0.kind.role == .members && !$0.isBeside }
        summary.report(unmatched: takesUsers ? owners.unmatched : [])
        try check(parts)
        return summary
    }

    private func comesTwice(_ kind: ForeignTable) -> Bool {
        kind.isTwice && mapping("\(options.system.rawValue)-\(kind.kind)-after") != nil
    }

    /// Nothing is lost silently: every row of every table is one of those that are told of.
    private func check(_ parts: [Part]) throws {
        for part in parts where !part.isBeside && !summary.unknown.contains(part.table.name) {
            let file = summary.files.first { $0.name == part.table.name }
            let (accepted, unchanged, rejected) = (file?.accepted ?? 0, file?.unchanged ?? 0, file?.rejected ?? 0)
            guard part.survey.count == accepted + unchanged + rejected else {
                throw Problem.rowsLost(part.survey.count, accepted, unchanged, rejected)
            }
        }
    }

    // MARK: Which tables are there?

    private func parts() throws -> [Part] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: options.folder).sorted() } catch {
            throw CSV.Unreadable("There is no folder \(options.folder) that can be read.")
        }
        if let file = options.only?.file, !names.contains(file) {
            throw CSV.Unreadable("There is no file \(options.folder)/\(file) that can be read.")
        }
        var parts: [Part] = []
        for name in names where name == options.only?.file || !name.hasSuffix(RejectFile.suffix) {
            let isBeside = options.only.map { $0.file != name } ?? false
            for (title, base) in try options.tables(of: name) {
                let named = isBeside ? nil : options.only?.kind
                let kind = named.map { named in options.system.tables.first { $0.kind == named } }
                guard let kind = kind ?? options.system.table(title) else {
                    if !isBeside { summary.unknown.append(base.name) }
                    continue
                }
                guard !isBeside || kind.isContext else { continue }
                if kind.role == .files, files == nil {
                    summary.unknown.append(base.name)
                    continue
                }
                let table = try options.system.normal(base)
                let survey = try Survey(table)
                if survey.count > 0 {
                    parts.append(Part(kind: kind, table: table, survey: survey, isBeside: isBeside))
                } else if !isBeside {
                    summary.files.append(FileSummary(name: base.name, kind: kind.kind))
                }
            }
        }
        let order = options.system.tables
        return parts.sorted { a, b in
            (order.firstIndex(of: a.kind) ?? 0, a.table.name) < (order.firstIndex(of: b.kind) ?? 0, b.table.name)
        }
    }

    // MARK: How is a table sent?

    /// - Parameters:
    ///   - columns: those of which others were worked out: they are taken by that.
    ///   - told: those of which something is told, though nothing may stand there now.
    func take(
        _ part: Part, _ table: any ImportTable, _ kind: String, _ more: [String: JSON] = [:],
        reading columns: [Int] = [], telling told: Set<String> = []
    ) async throws -> FileSummary {
        let name = "\(options.system.rawValue)-\(kind)"
        guard let text = mapping(name) else { throw CSV.Unreadable("There is no mapping \(name).") }
        var more = more
        more["part_of"] = whole.isEmpty ? nil : .string(whole)
        more["same"] = owners.same
        more["content"] = .string(content)
        let filled = part.survey.filled.union(told).subtracting(columns.map { part.survey.header[$0] })
        more["filled"] = .array(filled.sorted().map(JSON.string))
        more["define_fields"] = .bool(options.definesFields || part.kind.definesFields)
        more["calling_code"] = options.callingCode.map { .integer(Int64($0)) }
        let stem = Self.stem(table.name)
        let suffix = kind == part.kind.kind ? "" : ".after"
        let run = ImportRun(
            table, mapping: text, rejects: "\(options.rejects)/\(stem)\(suffix).rejects.csv", dryRun: options.dryRun,
            more: more, send: send, report: { [report] in report(table.name, $0) })
        let taken = try await run.run()
        if whole.isEmpty { (whole, summary.id) = (taken.whole, taken.id) }
        return FileSummary(name: table.name, kind: part.kind.kind, taken)
    }
}

extension FolderImport {
    /// A file's name as one for its rejected rows is made of: without its kind, and without what a path is made of.
    static func stem(_ name: String) -> String {
        let bare =
            [".csv", ".jsonl"].first { name.lowercased().hasSuffix($0) }.map { name.dropLast($0.count) } ?? name[...]
        return String(bare.replacing(": ", with: ".").replacing("/", with: "-"))
    }
}

extension FolderImport.Options {
    /// The tables in a file, with what each is called: a workbook has one for each of its sheets.
    fileprivate func tables(of name: String) throws(CSV.Unreadable) -> [(title: String, table: any ImportTable)] {
        let path = "\(folder)/\(name)"
        let lower = name.lowercased()
        if let stem = RejectFile.stem(of: name) { return [(stem, CSVTable(path))] }
        if lower.hasSuffix(".csv") { return [(name, CSVTable(path))] }
        if lower.hasSuffix(".jsonl") {
            return [(name, try JSONLinesTable(path, entity: system == .daybook ? String(name.dropLast(6)) : nil))]
        }
        guard Workbook.isOne(path) else { return [] }
        let sheets = try Workbook(path).sheets
        return sheets.map { sheet in
            (sheets.count == 1 ? name : String(sheet.name.split(separator: ": ").last ?? ""), sheet)
        }
    }
}

extension ForeignSystem {
    /// The table as mappings know it: without what stands before its columns' names, and with ids that are compared
    /// without case.
    func normal(_ base: any ImportTable) throws(CSV.Unreadable) -> DerivedTable {
        guard case .record(let first)? = try base.rows().next() else {
            throw CSV.Unreadable("\(base.name) has no first line with the names of its columns.")
        }
        let prefix = prefix
        let stripped = first.fields.map { name in
            !prefix.isEmpty && name.lowercased().hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        }
        // Where that would make two of one name, both stay.
        let header = zip(first.fields, stripped).map { given, bare in
            stripped.filter { $0.lowercased() == bare.lowercased() }.count > 1 ? given : bare
        }
        let ids = self == .salesforce ? header.indices.filter { ForeignColumns.holdsIDs(header[$0]) } : []
        return DerivedTable(base: base, ownColumns: nil, header: header) { fields in
            var fields = fields
            for index in ids where index < fields.count { fields[index] = SalesforceID.long(fields[index]) }
            return fields
        }
    }
}

/// Salesforce's ids: those of 15 characters differ by case, which those of 18 tell in their last three.
enum SalesforceID {
    /// The id of 18 characters; what is none stays.
    static func long(_ id: String) -> String {
        let bytes = Array(id.utf8)
        guard bytes.count == 15, isOne(id) else { return id }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
        let suffix = stride(from: 0, to: 15, by: 5).map { start in
            letters[
                (0..<5).reduce(0) { $0 | ((65...90).contains(bytes[start + $1]) ? 1 << $1 : 0) }]
        }
        return id + String(suffix)
    }
    /// What the record of an id is, as its first three characters say.
    static func entity(_ id: String) -> String? {
        switch id.prefix(3) {
        case "001": "account"
        case "003": "contact"
        case "006": "deal"
        case "00Q": "lead"
        case "701": "campaign"
        case "01t": "product"
        case _: nil
        }
    }

    /// Whether a text is written as they are.
    static func isOne(_ text: String) -> Bool {
        [15, 18].contains(text.utf8.count)
            && text.utf8.allSatisfy { UnicodeScalar($0).properties.isAlphabetic || (48...57).contains($0) }
    }
}
