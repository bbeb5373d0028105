import CRM
import Kernel
import Yams

// MARK: What may a mapping bring along?

extension MappingReader {
    mutating func creates(_ node: Node) {
        let members = members(node, "`creates`", known: ["pipeline", "custom"])
        if let node = members["pipeline"], let rule = pipeline(node) { defaults.prepares.pipelines.append(rule) }
        if let node = members["custom"] {
            for item in items(node) { if let rule = custom(item) { defaults.prepares.custom.append(rule) } }
        }
    }

    private mutating func pipeline(_ node: Node) -> PipelineRule? {
        let members = members(node, "a pipeline", known: ["name", "description", "stages"])
        guard let name = text(members["name"], "the pipeline's `name`", in: node) else { return nil }
        var stages: [PipelineRule.Stage] = []
        for item in members["stages"].map({ items($0) }) ?? [] {
            if let stage = stage(item) { stages.append(stage) }
        }
        for kind in ["open", "won", "lost"] where !stages.contains(where: { $0.kind == kind }) {
            note(members["stages"] ?? node, "required", "a pipeline has at least one stage of kind `\(kind)`")
        }
        return PipelineRule(
            name: name, description: members["description"].flatMap { text($0, "`description`") }, stages: stages)
    }

    private enum StageKind: String, CaseIterable { case open, won, lost }

    private mutating func stage(_ node: Node) -> PipelineRule.Stage? {
        let members = members(node, "a stage", known: ["name", "kind", "probability"])
        let name = text(members["name"], "the stage's `name`", in: node)
        guard let kind = members["kind"] else {
            note(node, "required", "the stage's `kind` must be given: open, won or lost")
            return nil
        }
        guard let name, let kind = word(kind, "`kind`", StageKind.self) else { return nil }
        let probability = members["probability"].flatMap { integer($0, "`probability`", 0...100) }
        return PipelineRule.Stage(name: name, kind: kind.rawValue, probability: probability)
    }

    private mutating func custom(_ node: Node) -> CustomRule? {
        let known = ["entity", "key", "label", "type", "choices", "target", "personal"]
        let members = members(node, "a custom field", known: known)
        guard let entity = text(members["entity"], "the field's `entity`", in: node),
            let key = text(members["key"], "the field's `key`", in: node),
            let label = text(members["label"], "the field's `label`", in: node)
        else { return nil }
        guard let facts = facts(entity, at: members["entity"] ?? node) else { return nil }
        guard facts.creation.takes.contains(where: { $0.kind == .custom }) else {
            note(members["entity"] ?? node, "not_allowed", "`\(entity)` takes no custom fields")
            return nil
        }
        let type = members["type"].map { word($0, "`type`", FieldSet.Definition.Kind.self) } ?? .text
        let choices = members["choices"].map { items($0) } ?? []
        guard let type else { return nil }
        var rule = CustomRule(
            entity: facts.name, key: key, label: label, type: type, choices: choices.compactMap { text($0, "a choice") }
        )
        if let node = members["personal"] {
            rule.isPersonal = node.bool == true
            if node.bool == nil { note(node, "malformed", "`personal` is true or false") }
        }
        if type == .reference {
            let target = text(members["target"], "the `target` to whose records the field refers", in: node)
            guard let target, let facts = self.facts(target, at: members["target"] ?? node) else { return nil }
            rule.target = facts.name
        }
        return rule
    }

    /// The entity of a name; its plural is understood too.
    mutating func facts(_ name: String, at node: Node) -> EntityFacts? {
        let singular = entity(plural: name)?.name ?? name
        if let facts = EntityFacts.all[singular] { return facts }
        note(node, "entity_unknown", "rows make no `\(name)`\(Nearest.hint(name, in: EntityFacts.all.keys))")
        return nil
    }
}
