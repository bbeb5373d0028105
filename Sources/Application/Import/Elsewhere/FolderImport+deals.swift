import Foundation
import Kernel

/// What the tables of a folder tell of deals.
struct DealTables {
    var pipelines = ForeignPipelines()
    /// Tables of pipelines and of stages: told of with the deals.
    fileprivate var described: [FolderImport.Part] = []
    /// Tables of what happened to deals, and what they tell.
    fileprivate var histories: [(part: FolderImport.Part, told: ForeignHistory.Told)] = []
    /// What happened to each, by its key, in order of time.
    fileprivate var changes: [String: [ForeignHistory.Change]] = [:]
    /// The pipelines that were made of them, by name.
    fileprivate var made: Set<String> = []
    /// What became of each, by its key.
    fileprivate var fates: [String: Fate] = [:]

    /// What became of a deal.
    fileprivate enum Fate {
        case accepted, unchanged, rejected
        /// It was here before the import: its past is told only when it is made.
        case known

        init(of line: Int, _ lines: ImportRun.Summary.Lines) {
            if lines.rejected.contains(line) {
                self = .rejected
            } else if lines.untold.contains(line) {
                self = .known
            } else {
                self = lines.accepted.contains(line) ? .accepted : .unchanged
            }
        }
    }
}

/// What became of a row that is told of with others.
enum RowFate {
    case accepted, unchanged, rejected(RowFlaw)
}

// MARK: What do tables tell of deals?

extension FolderImport {
    /// The pipelines in which deals stand, and what happened to each.
    func deals(_ parts: [Part]) throws -> DealTables {
        var tables = DealTables()
        let usual = usualPipeline
        for part in parts where part.kind.role == .pipelines { try tables.pipelines.add(pipelines: part.survey) }
        for part in parts where part.kind.role == .stages {
            try tables.pipelines.add(stages: part.survey, usual: usual)
        }
        guard let deals = parts.first(where: { $0.kind.role == .deals }) else {
            // What is told of deals needs their own table.
            summary.unknown += parts.filter { $0.kind.isOfDeals && !$0.isBeside }.map(\.table.name)
            return tables
        }
        var known: Set<String> = []
        for part in parts where part.kind.role == .deals {
            try tables.pipelines.add(
                named: part.survey, stage: ForeignDeals.stage(part.survey),
                pipeline: ForeignDeals.pipeline(part.survey), usual: usual, areOpen: options.system == .dynamics)
            let key = ForeignDeals.key(part.survey)
            try part.survey.each { _, fields in
                if let name = Survey.key(fields, key) { known.insert(name) }
            }
        }
        for part in parts where part.kind.role == .history {
            let told = try ForeignHistory.read(part.survey, deals: deals.survey.header)
            tables.histories.append((part, told))
            tables.pipelines.add(passed: told.stages(of: known), usual: usual)
            tables.changes.merge(told.changes) { $0 + $1 }
        }
        tables.changes = tables.changes.mapValues { all in
            all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        }
        tables.pipelines.settle()
        tables.described = parts.filter { $0.kind.role == .pipelines || $0.kind.role == .stages }
        return tables
    }

    /// The pipeline of stages and deals that name none.
    private var usualPipeline: String { options.system.rawValue.capitalized }

    /// Sends a table of deals.
    func take(_ part: Part, _ tables: inout DealTables) async throws {
        let deals = ForeignDeals(options.system, part.survey, tables.pipelines, tables.changes, now: options.now)
        let file = try await take(
            part, part.with(ForeignDeals.columns) { deals.cells($0) }, part.kind.kind,
            ["pipelines": tables.pipelines.json], reading: deals.reads)
        summary.files.append(file)
        tables.made.formUnion(file.created.filter { $0.hasPrefix("pipeline ") }.map { String($0.dropFirst(9)) })
        let key = ForeignDeals.key(part.survey)
        try part.survey.each { line, fields in
            guard let name = Survey.key(fields, key) else { return }
            // Of several rows of one deal, one that was taken counts.
            guard tables.fates[name] ?? .rejected == .rejected else { return }
            tables.fates[name] = DealTables.Fate(of: line, file.lines)
        }
    }

    // MARK: What became of the rows that tell of deals?

    /// Counts the rows of the tables that tell of the deals' pipelines and of their past, when all deals were sent.
    func tell(of tables: DealTables) throws {
        for part in tables.described where !part.isBeside {
            summary.files.append(try told(part, tables.pipelines, tables.made))
        }
        for (part, told) in tables.histories where !part.isBeside {
            summary.files.append(try self.told(part, told, tables.fates))
        }
    }

    /// Rows of pipelines and stages: accepted with the pipeline that was made of them.
    private func told(_ part: Part, _ pipelines: ForeignPipelines, _ made: Set<String>) throws -> FileSummary {
        let ofPipelines = part.kind.role == .pipelines
        let key = ofPipelines ? ForeignPipelines.key(pipelines: part.survey) : ForeignPipelines.key(stages: part.survey)
        let holder = ofPipelines ? key : part.survey.column("pipeline_id", "pipeline")
        return try count(part) { _, fields in
            guard !Survey.cell(fields, key).isEmpty else {
                let what = ofPipelines ? "pipeline" : "stage"
                return .rejected(
                    RowFlaw(nil, "import.key_missing", "The row does not say which \(what) it is about."))
            }
            let given = Survey.cell(fields, holder)
            let name = Normal.key(given.isEmpty ? usualPipeline : given)
            let pipeline = pipelines.pipelines.first { Normal.key($0.key) == name } ?? pipelines.pipelines.first
            return made.contains(pipeline?.name ?? "") ? .accepted : .unchanged
        }
    }

    /// Rows of the past: what became of their deals became of them; those that tell nothing are rejected.
    private func told(
        _ part: Part, _ told: ForeignHistory.Told, _ fates: [String: DealTables.Fate]
    ) throws -> FileSummary {
        var known = 0
        var file = try count(part) { line, _ in
            if let flaw = told.untold[line] { return .rejected(flaw) }
            switch told.deals[line].flatMap({ fates[$0] }) {
            case .accepted?: return .accepted
            case .unchanged?: return .unchanged
            case .known?:
                known += 1
                return .unchanged
            case .rejected?:
                return .rejected(RowFlaw(nil, "import.reference_missing", "The deal that it is about was rejected."))
            case nil:
                let reason = "The deal that it is about is not in the folder."
                return .rejected(RowFlaw(nil, "import.reference_missing", reason))
            }
        }
        if known > 0 {
            file.notes.append(
                "\(known) rows are of deals that were here before this import, and were left out: what happened to a "
                    + "deal is told when it is made.")
        }
        return file
    }

    /// Counts the rows of a table that is not sent by itself, and writes down those that are rejected.
    func count(_ part: Part, _ fate: (_ line: Int, _ fields: [String]) -> RowFate) throws -> FileSummary {
        var file = FileSummary(name: part.table.name, kind: part.kind.kind)
        file.rows = part.survey.count
        var rejected = part.survey.broken.map { RejectFile.Entry(line: $0.line, $0.flaw, $0.text) }
        try part.survey.each { line, fields in
            switch fate(line, fields) {
            case .accepted: file.accepted += 1
            case .unchanged: file.unchanged += 1
            case .rejected(let flaw):
                rejected.append(
                    RejectFile.Entry(
                        line: line, column: flaw.column ?? "", code: flaw.code, reason: flaw.reason, fields: fields))
            }
        }
        file.rejected = rejected.count
        let rejects = RejectFile("\(options.rejects)/\(Self.stem(part.table.name)).rejects.csv")
        rejects.begin(part.survey.header)
        for entry in rejected.sorted(by: { $0.line < $1.line }) { try rejects.add(entry) }
        file.rejectFile = try rejects.finish(dryRun: options.dryRun)
        return file
    }
}
