import Foundation
import Kernel

// MARK: What do tables tell of deals?

extension FolderImport {
    /// The pipelines in which deals stand, and what happened to each.
    func deals(_ parts: [Part]) -> (ForeignPipelines, [(part: Part, told: ForeignHistory.Told)]) {
        var pipelines = ForeignPipelines()
        let usual = options.system.rawValue.capitalized
        for part in parts where part.kind.role == .pipelines { pipelines.add(pipelines: part.survey) }
        for part in parts where part.kind.role == .stages { pipelines.add(stages: part.survey, usual: usual) }
        var histories: [(part: Part, told: ForeignHistory.Told)] = []
        guard let deals = parts.first(where: { $0.kind.role == .deals }) else {
            for part in parts where part.kind.role != .records && part.kind.role != .members {
                if part.kind.role != .activities { summary.unknown.append(part.table.name) }
            }
            return (pipelines, [])
        }
        for part in parts where part.kind.role == .deals {
            pipelines.add(
                named: part.survey, stage: ForeignDeals.stage(part.survey),
                pipeline: ForeignDeals.pipeline(part.survey), usual: usual, areOpen: options.system == .dynamics)
        }
        for part in parts where part.kind.role == .history {
            histories.append((part, ForeignHistory.read(part.survey, deals: deals.survey.header)))
        }
        let key = ForeignDeals.key(deals.survey)
        let known = Set(deals.survey.rows.compactMap { Normal.key(Survey.cell($0.fields, key)) })
        for (_, told) in histories { pipelines.add(passed: told.stages(of: known), usual: usual) }
        pipelines.settle()
        tables = parts.filter { $0.kind.role == .pipelines || $0.kind.role == .stages }
        return (pipelines, histories)
    }

    /// Sends the deals, and counts with them the rows of the tables that tell of their pipelines and of their past.
    func takeDeals(
        _ part: Part, _ pipelines: ForeignPipelines, _ histories: [(part: Part, told: ForeignHistory.Told)]
    ) async throws {
        var changes: [String: [ForeignHistory.Change]] = [:]
        for (_, told) in histories { changes.merge(told.changes) { $0 + $1 } }
        changes = changes.mapValues { all in
            all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        }
        let deals = ForeignDeals(options.system, part.survey, pipelines, changes, now: options.now)
        let own = part.survey.header.count
        let table = DerivedTable(
            base: part.table, ownColumns: own, header: part.survey.header + ForeignDeals.columns
        ) { $0 + deals.cells($0) }
        let file = try await take(part, table, part.kind.kind, ["pipelines": pipelines.json])
        summary.files.append(file)
        let made = Set(file.created.filter { $0.hasPrefix("pipeline ") }.map { String($0.dropFirst(9)) })
        for table in tables { summary.files.append(told(table, pipelines, made)) }
        tables = []
        let key = ForeignDeals.key(part.survey)
        let lines = Dictionary(
            part.survey.rows.compactMap { row in
                Normal.key(Survey.cell(row.fields, key)).map { ($0, row.line) }
            }
        ) { first, _ in first }
        for (history, told) in histories { summary.files.append(try self.told(history, told, lines, file)) }
    }

    /// Rows of pipelines and stages: accepted with the pipeline that was made of them.
    private func told(_ part: Part, _ pipelines: ForeignPipelines, _ made: Set<String>) -> FileSummary {
        var file = FileSummary(name: part.table.name, kind: part.kind.kind)
        let key = part.survey.column("pipeline_id", part.kind.role == .pipelines ? "id" : "pipeline")
        for (_, fields) in part.survey.rows {
            let name = Normal.key(Survey.cell(fields, key))
            let pipeline = pipelines.pipelines.first { Normal.key($0.key) == name } ?? pipelines.pipelines.first
            file.rows += 1
            if made.contains(pipeline?.name ?? "") { file.accepted += 1 } else { file.unchanged += 1 }
        }
        return file
    }

    /// Rows of the past: what became of their deals became of them; those that tell nothing are rejected.
    private func told(
        _ part: Part, _ told: ForeignHistory.Told, _ lines: [String: Int], _ deals: FileSummary
    ) throws -> FileSummary {
        var file = FileSummary(name: part.table.name, kind: part.kind.kind)
        let rejects = RejectFile("\(options.rejects)/\(Self.stem(part.table.name)).rejects.csv")
        rejects.begin(part.survey.header)
        for (line, fields) in part.survey.rows {
            file.rows += 1
            var flaw = told.untold[line]
            if flaw == nil {
                switch told.deals[line].flatMap({ lines[$0] }) {
                case nil:
                    flaw = RowFlaw(nil, "import.reference_missing", "The deal that it is about is not in the folder.")
                case let deal? where deals.lines.rejected.contains(deal):
                    flaw = RowFlaw(nil, "import.reference_missing", "The deal that it is about was rejected.")
                case let deal? where deals.lines.accepted.contains(deal): file.accepted += 1
                case _?: file.unchanged += 1
                }
            }
            guard let flaw else { continue }
            file.rejected += 1
            try rejects.add(
                RejectFile.Entry(
                    line: line, column: flaw.column ?? "", code: flaw.code, reason: flaw.reason, fields: fields))
        }
        file.rejectFile = try rejects.finish(dryRun: options.dryRun)
        return file
    }
}
