import CRM
import HTTPTypes
import Kernel

// How a dialect's routes are described: what bodies, parameters and answers are in the source's words.

extension Dialect {
    /// The parameters of a row.
    func describe(_ route: Route, _ target: Target) -> Route.Parameters {
        if case .upload(let fields) = route.body {
            let members = Members(fields, target, vocabulary(target.vocabulary))
            return .only(members.fields.map { Route.Described(name: $0.name, detail: "As the member of a form.") })
        }
        guard target.vocabulary != nil else { return route.parameters }
        switch route.parameters {
        case .only(let named): return .only(named.filter { $0.name != "include" })
        case .grammar(let named):
            let others = parameters.sorted { $0.key < $1.key }.map { name, ours in
                Route.Described(name: name, detail: "The same as \(ours).")
            }
            return .grammar(named.filter { $0.name != "filter" && $0.name != "include" } + others)
        }
    }

    /// The body of a row; of several targets what any of them takes, as the last one does, which is asked otherwise.
    func body(_ row: Row, _ targets: [Bound]) -> Route.Shape {
        let (first, route) = (targets[0].target, targets[0].route)
        guard route.hasBody, first.vocabulary != nil || !first.told.isEmpty else { return route.body }
        var fields: [Field] = []
        for bound in targets.reversed() {
            for field in bound.members.fields where !fields.contains(where: { $0.name == field.name }) {
                fields.append(targets.count == 1 ? field : field.optional())
            }
        }
        if row.method == .patch { return .patch(fields) }
        if case .upload = route.body { return .upload(fields) }
        guard case .members(_, let optional) = route.body else { return .members(fields, optional: false) }
        return .members(fields, optional: optional)
    }

    /// The answer of a row.
    func answer(_ route: Route, _ target: Target) -> Route.Answering {
        guard case .json(let schema, let position) = route.answer, target.vocabulary != nil,
            let entity = entities.first(where: { schema == Schema.reference($0) || schema == Schema.page(of: $0) })
        else { return route.answer }
        let shown = Target(method: .get, path: "", vocabulary: target.vocabulary)
        let members = Members(entity.fields, shown, vocabulary(target.vocabulary))
        var properties = members.fields.properties(.body, nullable: true)
        properties["id"] = ["type": "string", "format": "uuid"]
        properties["version"] = ["type": "integer"]
        let record: JSON = ["type": "object", "properties": .object(properties), "additionalProperties": true]
        if schema == Schema.reference(entity) { return .json(record, position: position) }
        let page: JSON = [
            "type": "object",
            "properties": [
                "items": ["type": "array", "items": record], "next": ["type": ["string", "null"]],
                "position": ["type": "integer"], "total": ["type": "integer"],
            ],
        ]
        return .json(page, position: position)
    }

}

extension Dialect.Members {
    /// Described.
    fileprivate var fields: [Field] {
        terms.flatMap { $0.fields(takes) }
            + plain.map { $0.isRequired ? Field($0.name, $0.kind).required() : Field($0.name, $0.kind) }
    }
}

extension Term {
    /// The members by which the source says it, as far as their shape is told by one of ours.
    fileprivate func fields(_ takes: [Field]) -> [Field] {
        let field = takes.first { $0.name == ours.first }
        func required(_ member: Field) -> Field { field?.isRequired == true ? member.required() : member }
        switch form {
        case .same:
            guard let field else { return [] }
            guard ours.count == 2 else { return [required(Field(theirs, field.kind))] }
            guard case .object(let members) = field.kind, let member = members.first(where: { $0.name == ours[1] })
            else { return [] }
            return [Field(theirs, member.kind)]
        case .words(let words):
            guard let field, case .choice(let ours) = field.kind else {
                return field.map { [required(Field(theirs, $0.kind))] } ?? []
            }
            return [required(Field(theirs, .choice(ours.map { words[$0] ?? $0 })))]
        case .money(let unit, let currency):
            let most: Int64 = 9_007_199_254_740_991
            let amount: Field.Kind = unit == .minor ? .integer(-most...most) : .decimal(-9e13...9e13)
            return [Field(theirs, amount), Field(currency, .currency)]
        case .record(let id, _, let words):
            guard case .record(let entities)? = field?.kind else { return [] }
            return [Field(theirs, .choice(entities.map { words[$0] ?? $0 })), Field(id, .id)]
        case .about(let entity, _): return [Field(theirs, .reference(entity))]
        case .stage: return [Field(theirs, .text(100))]
        case .acts(_, let changes):
            var words: [String] = []
            for change in changes where !words.contains(change.to) { words.append(change.to) }
            return [Field(theirs, .choice(words))]
        case .always(let word): return [Field(theirs, .choice([word]))]
        case .contacts: return [required(Field(theirs, .list(of: .reference("contact"), 500)))]
        case .dueBefore, .event, .shown: return []
        }
    }
}
