import CRM
import FoundationEssentials
import Kernel

extension Imports {
    /// Which stages are meant by those of the source's pipelines that are here under other ids: somebody made one of
    /// the same name. One that the source has got since its pipeline was made is added.
    func stages(
        _ planner: RowPlanner, by caller: Caller, dryRun: Bool
    ) async throws(Problem) -> [UUID: UUID] {
        let rules = planner.mapping.prepares.pipelines.filter { $0.key != nil }
        var meant: [UUID: UUID] = [:]
        for isLast in [dryRun, true] where !rules.isEmpty {
            var known = WorkingSet(readAt: .max)
            let references = rules.map { Reference(Pipeline.self, planner.id(of: $0)) }
            try await commands.load(references, into: &known, caller.organization)
            var missing: [[Ask]] = []
            for rule in rules {
                let id = planner.id(of: rule)
                guard let state = known.streams[id]?.state as? Pipeline.State, let record = Pipeline.record(state)
                else { continue }
                let all = Stages(record).all
                var asks: [Ask] = []
                for stage in rule.stages where !all.contains(where: { $0.id == planner.id(of: stage, in: rule) }) {
                    let kind = all.filter { $0.kind.rawValue == stage.kind }
                    let same = kind.first { Normal.key($0.name) == Normal.key(stage.name) }
                    // A dry run adds none: another of its kind stands for it.
                    meant[planner.id(of: stage, in: rule)] = (same ?? (isLast ? kind.first : nil))?.id
                    if same == nil { asks.append(adding(stage, to: id)) }
                }
                if !asks.isEmpty { missing.append(asks) }
            }
            if missing.isEmpty || isLast { return meant }
            for result in await commands.executeEach(missing, by: caller) { _ = try result.get() }
        }
        return meant
    }

    private func adding(_ stage: PipelineRule.Stage, to pipeline: UUID) -> Ask {
        var body: [String: JSON] = ["name": .string(stage.name), "kind": .string(stage.kind)]
        body["probability"] = stage.probability.map { .integer($0) }
        return Ask(Pipeline.name, .id(pipeline), "add_stage", .object(body))
    }
}
