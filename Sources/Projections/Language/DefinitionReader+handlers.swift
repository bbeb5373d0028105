import FoundationEssentials
import Kernel
import Yams

// MARK: - What does each event do?

extension DefinitionReader {
    private static let operations = ["add", "merge", "given", "constant"]
    private static let variables = ["$occurred_at", "$recorded_at", "$position", "$actor", "$stream"]

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
            return Handler(event: event, steps: readSteps(body, event))
        }
    }

    private static func isEventName(_ name: String) -> Bool {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        return words.count == 2 && words.allSatisfy { isName(String($0)) }
    }

    private mutating func readSteps(_ body: Node, _ event: String) -> [Step] {
        if body.string == "remove" { return [.remove] }
        guard let mapping = body.mapping else {
            let near = Nearest.suggestion(for: body.string ?? "", among: ["remove"])
            report(body, "an event takes {column: value, …} or remove" + (body.string == nil ? "" : near))
            return []
        }
        // What is named beats what a patch brings, wherever it stands.
        let named = Set(mapping.compactMap { $0.key.string })
        var steps: [Step] = []
        for (key, value) in mapping {
            if key.string == "merge", !columns.contains(where: { $0.name == "merge" }) {
                guard let path = path(value, event) else { continue }
                for (i, column) in columns.enumerated() where !named.contains(column.name) {
                    let member = path + [column.name]
                    checkType(value, member, i, event)
                    steps.append(.assign(i, column.type == .json ? .merge(member) : .given(member)))
                }
            } else if let i = column(key), !untyped.contains(i), let assignment = readAssignment(value, i, event) {
                steps.append(.assign(i, assignment))
            }
        }
        return steps
    }

    /// `.a.b` as its names.
    private mutating func path(_ node: Node, _ event: String) -> [String]? {
        guard let text = node.string, text.hasPrefix("."), text.count > 1 else {
            report(node, "a path such as .amount.minor is expected")
            return nil
        }
        let names = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if names.contains("") {
            report(node, "\(text) has an empty name in it")
            return nil
        }
        if let catalogue, case .nothing = catalogue.find(names, in: event) {
            report(node, "\(event) has no \(text)" + Nearest.suggestion(for: text, among: catalogue.paths(of: event)))
        }
        return names
    }

    /// A path whose values fit a column.
    private mutating func path(_ node: Node, into i: Int, _ event: String) -> [String]? {
        guard let names = path(node, event) else { return nil }
        checkType(node, names, i, event)
        return names
    }

    private mutating func checkType(_ node: Node, _ names: [String], _ i: Int, _ event: String) {
        guard let catalogue, !untyped.contains(i), case .place(let place) = catalogue.find(names, in: event),
            !columns[i].type.takes(place.kind)
        else { return }
        let path = "." + names.joined(separator: ".")
        report(
            node, "\(path) of \(event) is \(place.kind.said), and the column \(columns[i].name) is \(columns[i].type)")
    }

    private mutating func readAssignment(_ node: Node, _ i: Int, _ event: String) -> Assignment? {
        if let operation = node.mapping { return readOperation(operation, node, i, event) }
        guard let scalar = node.scalar else {
            report(node, "\(columns[i].name) takes a path, a constant, a $variable or an operation")
            return nil
        }
        let text = scalar.string
        if scalar.style == .plain {
            if ["", "null", "~"].contains(text) { return .null }
            if text.hasPrefix(".") { return path(node, into: i, event).map { .member($0) } }
            if text.hasPrefix("$") { return readVariable(text, node, i) }
        }
        return readConstant(node, i)
    }

    private mutating func readOperation(_ mapping: Node.Mapping, _ node: Node, _ i: Int, _ event: String) -> Assignment?
    {
        guard mapping.count == 1, let (key, value) = mapping.first else {
            report(node, "one operation, such as {add: 1}, is expected")
            return nil
        }
        let type = columns[i].type
        let word = key.string ?? ""
        switch word {
        case "add":
            guard type == .bigint else {
                report(key, "\(columns[i].name) is \(type), and only bigint is added to")
                return nil
            }
            if let number = value.int { return .add(Int64(number)) }
            return path(value, into: i, event).map { .addMember($0) }
        case "merge":
            guard type == .json else {
                report(
                    key, "\(columns[i].name) is \(type), and only json is merged into; for one member: {given: .path}")
                return nil
            }
            return path(value, event).map { .merge($0) }
        case "given": return path(value, into: i, event).map { .given($0) }
        case "constant": return readConstant(value, i)
        case _:
            report(key, "unknown operation \(word)" + Nearest.suggestion(for: word, among: Self.operations))
            return nil
        }
    }

    private mutating func readVariable(_ text: String, _ node: Node, _ i: Int) -> Assignment? {
        let (type, found): (ColumnType, Assignment)
        switch text {
        case "$occurred_at": (type, found) = (.timestamptz, .occurredAt)
        case "$recorded_at": (type, found) = (.timestamptz, .recordedAt)
        case "$position": (type, found) = (.bigint, .position)
        case "$actor": (type, found) = (.uuid, .actor)
        case "$stream": (type, found) = (.uuid, .stream)
        case _:
            report(node, "unknown variable \(text)" + Nearest.suggestion(for: text, among: Self.variables))
            return nil
        }
        if columns[i].type == type { return found }
        report(node, "\(text) is \(type), and the column \(columns[i].name) is \(columns[i].type)")
        return nil
    }

    private mutating func readConstant(_ node: Node, _ i: Int) -> Assignment? {
        let text = node.string ?? ""
        let found: Assignment?
        switch columns[i].type {
        case .text: found = node.scalar.map { .text($0.string) }
        case .bigint: found = Int64(text).map { .number($0) }
        case .boolean: found = text == "true" ? .number(1) : text == "false" ? .number(0) : nil
        case .uuid: found = UUID(uuidString: text).map { .id(Cell($0)) }
        case .date: found = Day(text).map { .number(Int64($0.number) - Epoch.days) }
        case .timestamptz: found = Instant(text).map { .number($0.microseconds - Epoch.microseconds) }
        case .numeric: found = DefinitionReader.plainNumber(text).map { .text($0) }
        case .json: found = nil
        }
        if let found { return found }
        report(node, "\(text) is no constant of type \(columns[i].type), which the column \(columns[i].name) is")
        return nil
    }

    private static func plainNumber(_ text: String) -> String? {
        let utf8 = Array(text.utf8)
        return utf8.withUnsafeBufferPointer { number in
            var out = [UInt8](repeating: 0, count: Numeric.room(number.count))
            guard let start = number.baseAddress, let length = Numeric.plain(start, number.count, to: &out) else {
                return nil
            }
            return String(decoding: out.prefix(length), as: UTF8.self)
        }
    }
}
