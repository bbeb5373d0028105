import Foundation
import Kernel

/// What the tables of a folder tell of deals.
struct DealTables {
    var pipelines = ForeignPipelines()
    /// Tables of pipelines and of stages: told of with the deals.
    fileprivate var described: [FolderImport.Part] = []
    /// The pipelines that were made of them, by name.
    fileprivate var made: Set<String> = []
}

/// What became of a row that is told of with others.
enum RowFate {
    case accepted, unchanged, rejected(RowFlaw)
}

// MARK: What do tables tell of deals?

extension FolderImport {
    /// The pipelines in which deals stand and stood.
    func deals(_ parts: [Part], _ past: PastTables) throws -> DealTables {
        var tables = DealTables()
        let usual = usualPipeline
        let described = parts.filter { $0.kind.role == .pipelines || $0.kind.role == .stages }
        for part in described where part.kind.role == .pipelines { try tables.pipelines.add(pipelines: part.survey) }
        for part in described where part.kind.role == .stages {
            try tables.pipelines.add(stages: part.survey, usual: usual)
        }
        let deals = parts.filter { $0.kind.role == .deals }
        if deals.isEmpty {
            // What is told of deals needs their own table.
            summary.unknown += described.filter { !$0.isBeside }.map(\.table.name)
            return tables
        }
        for part in deals {
            try tables.pipelines.add(
                named: part.survey, stage: ForeignDeals.stage(part.survey),
                pipeline: ForeignDeals.pipeline(part.survey), usual: usual, areOpen: options.system == .dynamics)
        }
        for part in deals {
            guard let name = ForeignDeals.stageName(part.survey), let past = past.of(part) else { continue }
            tables.pipelines.add(passed: try past.said(in: name, part.survey), usual: usual)
        }
        tables.pipelines.settle()
        tables.described = described
        return tables
    }

    /// The pipeline of stages and deals that name none.
    private var usualPipeline: String { options.system.rawValue.capitalized }

    /// Sends a table of deals.
    func take(_ part: Part, _ tables: inout DealTables, _ past: PastTables) async throws -> FileSummary {
        let past = try past.of(part) ?? ForeignPast(columns(of: part), [:], fields: [])
        let deals = ForeignDeals(options.system, part.survey, tables.pipelines, past, now: options.now)
        let file = try await take(
            part, part.with(ForeignDeals.columns) { deals.cells($0) }, part.kind.kind,
            ["pipelines": tables.pipelines.json], reading: deals.reads, telling: past.told)
        tables.made.formUnion(file.created.filter { $0.hasPrefix("pipeline ") }.map { String($0.dropFirst(9)) })
        return file
    }

    /// Counts the rows of the tables of pipelines and stages, when all deals were sent.
    func tell(of tables: DealTables) throws {
        for part in tables.described where !part.isBeside {
            summary.files.append(try told(part, tables.pipelines, tables.made))
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
