import FoundationEssentials
import Kernel
import Yams

// MARK: - When is a case applied?

extension DefinitionReader {
    private static let tests = ["is", "in"] + Comparison.allCases.map(\.rawValue)

    /// A mapping of values to what they must be; all of it must hold.
    mutating func readCondition(_ node: Node, _ scope: Scope) -> Condition<Source>? {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            report(node, "a condition is a mapping: {.status: won}")
            return nil
        }
        var parts: [Condition<Source>] = []
        for (key, value) in mapping {
            switch key.string ?? "" {
            case "all": parts += readConditions(value, scope).map { .all($0) }
            case "any": parts += readConditions(value, scope).map { .any($0) }
            case "not": parts += readCondition(value, scope).map { [.not($0)] } ?? []
            case _: parts += readTests(of: key, value, scope)
            }
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func readConditions(_ node: Node, _ scope: Scope) -> [[Condition<Source>]] {
        guard let list = node.sequence, !list.isEmpty else {
            report(node, "a list of conditions is expected: [{.status: won}, {.status: lost}]")
            return []
        }
        return [list.compactMap { readCondition($0, scope) }]
    }

    /// What is asked of one value.
    private mutating func readTests(of key: Node, _ node: Node, _ scope: Scope) -> [Condition<Source>] {
        guard let value = readTested(key, scope) else { return [] }
        guard let mapping = node.mapping else {
            if node.isNull { return [.not(.present(value))] }
            return readCompared(node, value, key, scope).map { [.compare(value, .equals, $0)] } ?? []
        }
        if mapping.isEmpty { report(node, "what is asked of \(key.string ?? "")? {above: 0}") }
        return mapping.compactMap { word, operand in
            let name = word.string ?? ""
            switch name {
            case "is":
                switch operand.string {
                case "present": return .present(value)
                case "absent": return .not(.present(value))
                case _:
                    let near = Nearest.suggestion(for: operand.string ?? "", among: ["present", "absent"])
                    report(operand, "is takes present or absent" + near)
                    return nil
                }
            case "in":
                guard let list = operand.sequence, !list.isEmpty else {
                    report(operand, "in takes a list of constants: {in: [won, lost]}")
                    return nil
                }
                let constants = list.compactMap { readCompared($0, value, key, scope) }
                return .oneOf(value, constants)
            case _:
                guard let comparison = Comparison(rawValue: name) else {
                    report(word, "unknown comparison \(name)" + Nearest.suggestion(for: name, among: Self.tests))
                    return nil
                }
                guard let constant = readCompared(operand, value, key, scope) else { return nil }
                if case .flag = constant, comparison != .equals {
                    report(operand, "true and false have no order")
                }
                return .compare(value, comparison, constant)
            }
        }
    }

    private mutating func readTested(_ node: Node, _ scope: Scope) -> Expression<Source>? {
        let text = node.string ?? ""
        switch text {
        case "$occurred_at": return .occurredAt
        case "$recorded_at": return .recordedAt
        case "$position": return .position
        case "$actor": return .actor
        case "$stream": return .stream
        case "$name" where scope.each != nil: return .place(.name)
        case "$index" where scope.each != nil: return .place(.index)
        case _ where text == "$item" || text.hasPrefix("$item."):
            if scope.each == nil {
                report(node, "there is a $item only beside each: .path")
                return nil
            }
            let names = text.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map(String.init)
            if names.contains("") { report(node, "\(text) has an empty name in it") }
            return .place(.item(names))
        case _ where text.hasPrefix("."): return path(node, scope, as: .condition).map { .place(.data($0)) }
        case _:
            let names =
                ["all", "any", "not", "$occurred_at", "$recorded_at", "$position", "$actor", "$stream"]
                + (scope.each == nil ? [] : ["$item", "$name", "$index"])
            report(
                node, "a path, a $variable, all, any or not is expected" + Nearest.suggestion(for: text, among: names))
            return nil
        }
    }

    /// A constant, whose kind fits what it is compared with.
    private mutating func readCompared(
        _ node: Node, _ value: Expression<Source>, _ key: Node, _ scope: Scope
    ) -> Constant? {
        guard let scalar = node.scalar, !node.isNull else {
            report(node, "a constant is expected, such as won, 100 or 2026-01-31")
            return nil
        }
        let constant = Constant(scalar.string, isPlain: scalar.style == .plain)
        let types: [ColumnType]
        switch value {
        case .occurredAt, .recordedAt: types = [.timestamptz]
        case .position, .place(.index): types = [.numeric]
        case .actor, .stream: types = [.uuid]
        case .place(.data(let names)):
            if let catalogue, case .place(let place) = catalogue.find(names, in: scope.event),
                !constant.type.takes(place.kind)
            {
                let said = "\(place.kind.said), and \(scalar.string) is \(constant.said)"
                report(node, "\(key.string ?? "") of \(scope.event) is \(said)")
            }
            return constant
        case _: return constant
        }
        let fits = types.contains(constant.type) || types == [.uuid] && UUID(text: scalar.string) != nil
        if !fits { report(node, "\(key.string ?? "") is \(types[0]), and \(scalar.string) is \(constant.said)") }
        return constant
    }
}

extension Node {
    fileprivate var isNull: Bool {
        guard let scalar, scalar.style == .plain else { return false }
        return ["", "null", "~"].contains(scalar.string)
    }
}

extension Constant {
    /// As a file has it: what is in quotes is a text.
    init(_ text: String, isPlain: Bool) {
        if !isPlain {
            self = .text(text)
        } else if text == "true" || text == "false" {
            self = .flag(text == "true")
        } else if let number = DefinitionReader.plainNumber(text) {
            self = .number(number)
        } else if let day = Day(text) {
            self = .day(Int64(day.number) - Epoch.days)
        } else if let instant = Instant(text) {
            self = .instant(instant.microseconds - Epoch.microseconds)
        } else {
            // Ids stand in events in lower case.
            self = .text(UUID(text: text)?.text ?? text)
        }
    }

    /// The type of column that would take what equals it.
    fileprivate var type: ColumnType {
        switch self {
        case .number: .numeric
        case .text: .text
        case .flag: .boolean
        case .day: .date
        case .instant: .timestamptz
        }
    }

    fileprivate var said: String {
        switch self {
        case .number: "a number"
        case .text: "text"
        case .flag: "a boolean"
        case .day: "a day"
        case .instant: "a moment"
        }
    }
}
