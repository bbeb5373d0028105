import CRM
import FoundationEssentials
import Kernel

extension Imports {
    /// What was made before the first row.
    struct Prepared {
        var created: [JSON] = []
        var notes: [String] = []
        /// What was not there, and was or would be made.
        var asks: [Ask] = []
    }

    /// Makes the pipeline and the custom fields that are not there. What is there stays as people have made it since.
    func prepare(_ planner: RowPlanner, by caller: Caller, dryRun: Bool) async throws(Problem) -> Prepared {
        var prepared = Prepared()
        var wanted: [(entity: String, name: String, ask: Ask, isThere: Bool)] = []
        for rule in planner.mapping.prepares.pipelines {
            let id = planner.id(of: rule)
            let (present, putAway, _) = try await commands.standing([id], in: caller.organization)
            let restoring = Ask(Pipeline.name, .id(id), EntityFacts.restoring, [:])
            if present.isEmpty || !putAway.isEmpty {
                wanted.append((Pipeline.name, rule.name, putAway.isEmpty ? ask(rule, id, planner) : restoring, false))
            }
        }
        for rule in planner.mapping.prepares.custom {
            let isThere = planner.settings.custom[rule.entity]?[rule.key] == rule.kind
            wanted.append(("field", "\(rule.entity).\(rule.key)", ask(rule), isThere))
        }
        let results = await commands.executeEach(wanted.map { [$0.ask] }, by: caller, dryRun: dryRun)
        for (item, result) in zip(wanted, results) {
            switch result {
            case .success(let answer) where answer.results.contains { $0.events > 0 }:
                prepared.created.append(["entity": .string(item.entity), "name": .string(item.name)])
                prepared.asks.append(item.ask)
            case .success: break
            // Somebody gave the field another label or other choices since; theirs stay.
            case .failure(let problem) where problem.code == FieldSet.Rejection.keyTaken.rawValue:
                prepared.notes.append("The field \(item.name) is defined already and stays as it is.")
            case .failure(let problem) where problem.code.hasSuffix(".already_exists"): break
            // Only owners define fields; whoever may write fills those that are there.
            case .failure(let problem) where item.isThere && problem.code == Problem.forbidden("").code: break
            case .failure(let problem): throw problem
            }
        }
        return prepared
    }

    private func ask(_ rule: PipelineRule, _ id: UUID, _ planner: RowPlanner) -> Ask {
        let stages: [JSON] = rule.stages.map { stage in
            var members: [String: JSON] = [
                "id": .string(planner.id(of: stage, in: rule).text), "name": .string(stage.name),
                "kind": .string(stage.kind),
            ]
            if let probability = stage.probability { members["probability"] = .integer(probability) }
            return .object(members)
        }
        var body: [String: JSON] = ["name": .string(rule.name), "stages": .array(stages)]
        if let text = rule.description { body["description"] = .string(text) }
        return Ask(Pipeline.name, .id(id), EntityFacts.all[Pipeline.name]?.creation.act ?? "", .object(body))
    }

    private func ask(_ rule: CustomRule) -> Ask {
        var body: [String: JSON] = [
            "entity": .string(rule.entity), "key": .string(rule.key), "label": .string(rule.label),
            "type": .string(rule.type.rawValue),
        ]
        if let target = rule.target { body["target"] = .string(target) }
        if rule.isPersonal { body["personal"] = true }
        if !rule.choices.isEmpty { body["choices"] = .array(rule.choices.map(JSON.string)) }
        return Ask(FieldSet.name, .id(FieldSet.id(of: rule.entity)), "define", .object(body))
    }
}
