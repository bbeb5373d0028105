import Kernel
import Yams

// MARK: - What does each event do?

extension DefinitionReader {
    /// Where a value is read: of which event, and of which element.
    struct Scope {
        let event: String
        /// The path whose elements are taken one by one.
        var each: [String]?
    }

    mutating func readHandlers(_ node: Node) -> [Handler] {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            report(node, "on is a mapping of events: deal.opened: {title: .title}")
            return []
        }
        return mapping.map { key, body in
            let event = key.string ?? ""
            if !DefinitionReader.isEventName(event) {
                report(key, "an event's name has two words: deal.opened")
            } else if let catalogue, catalogue.events[event] == nil {
                let near = Nearest.suggestion(for: event, among: catalogue.events.keys)
                report(key, "there is no event \(event)" + near)
            }
            return Handler(event: event, cases: readCases(body, event))
        }
    }

    private static func isEventName(_ name: String) -> Bool {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        return words.count == 2 && words.allSatisfy { isName(String($0)) }
    }

    private mutating func readCases(_ body: Node, _ event: String) -> [Case] {
        guard let list = body.sequence else { return readCase(body, event).map { [$0] } ?? [] }
        if list.isEmpty { report(body, "a list of cases has at least one: [{when: …, column: value}]") }
        return list.compactMap { readCase($0, event) }
    }

    private mutating func readCase(_ body: Node, _ event: String) -> Case? {
        if body.string == "remove" {
            if keyColumns.isEmpty { return Case(steps: [.remove]) }
            report(body, "which row is removed is said by its key: {\(keyText), remove: true}")
            return nil
        }
        guard let mapping = body.mapping else {
            let near = Nearest.suggestion(for: body.string ?? "", among: ["remove"])
            report(body, "an event takes {column: value, …} or remove" + (body.string == nil ? "" : near))
            return nil
        }
        var found = Case()
        var scope = Scope(event: event)
        if let node = mapping["each"] {
            found.each = path(node, scope, as: .each)
            scope.each = found.each ?? []
        }
        if let node = mapping["when"] { found.when = readCondition(node, scope) }
        found.key = readKeyValues(mapping, body, scope)
        found.steps = readSteps(mapping, scope)
        return found
    }

    private var keyText: String { keyColumns.map { "\(columns[$0].name): …" }.joined(separator: ", ") }

    /// The values of the key's columns.
    private mutating func readKeyValues(_ mapping: Node.Mapping, _ body: Node, _ scope: Scope) -> [Expression<Source>] {
        keyColumns.compactMap { i in
            guard let (_, node) = mapping.first(where: { $0.key.string == columns[i].name }) else {
                report(body, "\(scope.event) does not say which row: \(keyText)")
                return nil
            }
            return readExpression(node, columns[i].type, into: i, scope, as: .key)
        }
    }

    private mutating func readSteps(_ mapping: Node.Mapping, _ scope: Scope) -> [Step] {
        // What is named beats what a patch brings, wherever it stands.
        let named = Set(mapping.compactMap { $0.key.string })
        let isRemoved = mapping["remove"] != nil
        var steps: [Step] = []
        for (key, value) in mapping {
            let word = key.string ?? ""
            switch word {
            case "each", "when": continue
            case "remove":
                if value.string != "true" { report(value, "remove is true, or is left out") }
                steps.append(.remove)
                continue
            case "clear":
                steps += readClear(value)
                continue
            case "merge" where !columns.contains(where: { $0.name == "merge" }):
                steps += readMerge(value, named, scope)
                continue
            case _: break
            }
            guard let i = column(key), !keyColumns.contains(i) else { continue }
            if isRemoved { report(key, "a row that is removed takes no \(columns[i].name)") }
            if untyped.contains(i) { continue }
            if let assignment = readAssignment(value, i, scope) { steps.append(.assign(i, assignment)) }
        }
        // What follows from the row's columns, when these are as the event leaves them.
        return steps.filter { !$0.isMatch } + steps.filter(\.isMatch)
    }

    private mutating func readClear(_ node: Node) -> [Step] {
        guard let list = node.sequence else {
            report(node, "clear is a list of columns: clear: [closed_at, lost_reason]")
            return []
        }
        return list.compactMap { name in
            guard let i = column(name) else { return nil }
            if keyColumns.contains(i) { report(name, "\(columns[i].name) is of the key, and is never empty") }
            return .assign(i, .set(.null))
        }
    }

    private mutating func readMerge(_ node: Node, _ named: Set<String>, _ scope: Scope) -> [Step] {
        guard let path = path(node, scope) else { return [] }
        return columns.indices.filter { !named.contains(columns[$0].name) && !keyColumns.contains($0) }.map { i in
            let member = path + [columns[i].name]
            checkType(node, member, i, scope)
            notePrivacy(member, i, node, scope)
            return .assign(i, columns[i].type == .json ? .merge(.data(member)) : .given(.data(member)))
        }
    }
}

// MARK: - What is a path?

extension DefinitionReader {
    /// What a value is taken for: what is personal outlives its person in some of these.
    enum Use { case value, key, condition, each }

    /// `.a.b` as its names.
    mutating func path(_ node: Node, _ scope: Scope, as use: Use = .value) -> [String]? {
        guard let text = node.string, text.hasPrefix("."), text.count > 1 else {
            report(node, "a path such as .amount.minor is expected")
            return nil
        }
        let names = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if names.contains("") {
            report(node, "\(text) has an empty name in it")
            return nil
        }
        guard let catalogue else { return names }
        switch catalogue.find(names, in: scope.event) {
        case .nothing:
            let near = Nearest.suggestion(for: text, among: catalogue.paths(of: scope.event))
            report(node, "\(scope.event) has no \(text)" + near)
        case .place(let place) where use == .each && !place.kind.hasElements:
            report(node, "\(text) is \(place.kind.said), and each takes a list or an object")
        case .place, .unknown: break
        }
        if use != .value, catalogue.privacy(of: names, in: scope.event) != .none {
            report(node, "\(text) of \(scope.event) is personal, and \(use.said)")
        }
        return names
    }

    mutating func checkType(_ node: Node, _ names: [String], _ i: Int, _ scope: Scope) {
        if !untyped.contains(i) { checkType(node, names, columns[i].type, "the column \(columns[i].name) is", scope) }
    }

    /// Reports a member whose values are of another type. `what` says who asks for the type.
    mutating func checkType(
        _ node: Node, _ names: [String], _ type: ColumnType, _ what: String, _ scope: Scope
    ) {
        guard let catalogue, case .place(let place) = catalogue.find(names, in: scope.event), !type.takes(place.kind)
        else { return }
        let path = "." + names.joined(separator: ".")
        report(node, "\(path) of \(scope.event) is \(place.kind.said), and \(what) \(type)")
    }

    mutating func notePrivacy(_ names: [String], _ i: Int, _ node: Node, _ scope: Scope) {
        guard let catalogue, catalogue.privacy(of: names, in: scope.event) != .none else { return }
        notePersonal(i, node)
    }
}

extension DefinitionReader.Use {
    fileprivate var said: String {
        switch self {
        case .value: ""
        case .key: "a key outlives the person"
        case .condition: "what a condition decides outlives the person"
        case .each: "how many rows there are outlives the person"
        }
    }
}
