import FoundationEssentials
import Kernel
import Yams

// MARK: - What does a column become?

extension DefinitionReader {
    private static let operations = [
        "add", "subtract", "append", "collect", "remove", "merge", "given", "constant", "match",
    ]
    private static let functions = ["lower", "host", "length", "first", "concat", "day", "month", "days", "object"]
    private static let variables = ["$occurred_at", "$recorded_at", "$position", "$actor", "$stream"]
    private static let itemVariables = ["$item", "$name", "$index"]

    mutating func readAssignment(_ node: Node, _ i: Int, _ scope: Scope) -> Assignment? {
        let type = columns[i].type
        guard let mapping = node.mapping, mapping.count == 1, let (key, value) = mapping.first,
            let word = key.string, Self.operations.contains(word)
        else { return readExpression(node, type, into: i, scope).map { .set($0) } }
        switch word {
        case "add", "subtract":
            guard type == .bigint else {
                report(key, "\(columns[i].name) is \(type), and only bigint is added to")
                return nil
            }
            let number = readExpression(value, .bigint, into: i, scope)
            return number.map { word == "add" ? .add($0) : .subtract($0) }
        case "append", "collect", "remove":
            guard type == .json else {
                report(key, "\(columns[i].name) is \(type), and only json holds a list")
                return nil
            }
            let element = readExpression(value, .json, into: i, scope)
            return element.map { word == "append" ? .append($0) : word == "collect" ? .collect($0) : .remove($0) }
        case "merge":
            guard type == .json else {
                report(
                    key, "\(columns[i].name) is \(type), and only json is merged into; for one member: {given: .path}")
                return nil
            }
            return place(value, nil, into: i, scope).map { .merge($0) }
        case "given": return place(value, type, into: i, scope).map { .given($0) }
        case "match": return readMatch(value, key, i)
        case _: return readConstant(value, i).map { .set($0) }
        }
    }

    // MARK: - What is a value?

    /// A path, a variable, a constant or a function of these, of a type.
    mutating func readExpression(
        _ node: Node, _ type: ColumnType, into i: Int, _ scope: Scope, as use: Use = .value
    ) -> Expression<Source>? {
        if let mapping = node.mapping { return readFunction(mapping, node, type, i, scope, use) }
        guard let scalar = node.scalar else {
            report(node, "\(columns[i].name) takes a path, a constant, a $variable or an operation")
            return nil
        }
        let text = scalar.string
        if scalar.style == .plain {
            if ["", "null", "~"].contains(text) { return .null }
            if text.hasPrefix(".") || text == "$item" || text.hasPrefix("$item.") {
                return place(node, type, into: i, scope, as: use).map { .place($0) }
            }
            if text.hasPrefix("$") { return readVariable(text, node, type, i, scope) }
        }
        return type == .json ? .json(Self.json(scalar)) : readConstant(node, type, i)
    }

    /// A path of the event, or of the element at hand. Without a type any value will do.
    private mutating func place(
        _ node: Node, _ type: ColumnType?, into i: Int, _ scope: Scope, as use: Use = .value
    ) -> Source? {
        if let text = node.string, text == "$item" || text.hasPrefix("$item.") {
            guard scope.each != nil else {
                report(node, "there is a $item only beside each: .path")
                return nil
            }
            let names = text.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map(String.init)
            if names.contains("") {
                report(node, "\(text) has an empty name in it")
                return nil
            }
            if let each = scope.each, use == .value { notePrivacy(each, i, node, scope) }
            return .item(names)
        }
        guard let names = path(node, scope, as: use) else { return nil }
        if let type, !untyped.contains(i) {
            let what = type == columns[i].type ? "the column \(columns[i].name) is" : "what is wanted is"
            checkType(node, names, type, what, scope)
        }
        if use == .value { notePrivacy(names, i, node, scope) }
        return .data(names)
    }

    private mutating func readVariable(
        _ text: String, _ node: Node, _ wanted: ColumnType, _ i: Int, _ scope: Scope
    ) -> Expression<Source>? {
        let (types, found): ([ColumnType], Expression<Source>)
        switch text {
        case "$occurred_at": (types, found) = ([.timestamptz], .occurredAt)
        case "$recorded_at": (types, found) = ([.timestamptz], .recordedAt)
        case "$position": (types, found) = ([.bigint], .position)
        case "$actor": (types, found) = ([.uuid], .actor)
        case "$stream": (types, found) = ([.uuid], .stream)
        case "$name" where scope.each != nil: (types, found) = ([.text, .uuid], .place(.name))
        case "$index" where scope.each != nil: (types, found) = ([.bigint], .place(.index))
        case "$name", "$index":
            report(node, "there is a \(text) only beside each: .path")
            return nil
        case _:
            let names = Self.variables + (scope.each == nil ? [] : Self.itemVariables)
            report(node, "unknown variable \(text)" + Nearest.suggestion(for: text, among: names))
            return nil
        }
        if wanted == .json || types.contains(wanted) { return found }
        let what = wanted == columns[i].type ? "the column \(columns[i].name) is" : "what is wanted is"
        report(node, "\(text) is \(types[0]), and \(what) \(wanted)")
        return nil
    }

    // MARK: - Which functions are there?

    private mutating func readFunction(
        _ mapping: Node.Mapping, _ node: Node, _ type: ColumnType, _ i: Int, _ scope: Scope, _ use: Use
    ) -> Expression<Source>? {
        guard mapping.count == 1, let (key, value) = mapping.first, let word = key.string else {
            report(node, "one operation, such as {add: 1}, is expected")
            return nil
        }
        func takes(_ types: ColumnType...) -> Bool { types.contains(type) || type == .json }
        func wrong(_ result: String) -> Expression<Source>? {
            let what = type == columns[i].type ? "the column \(columns[i].name) is" : "what is wanted is"
            report(key, "\(word) makes \(result), and \(what) \(type)")
            return nil
        }
        switch word {
        case "lower":
            guard takes(.text) else { return wrong("text") }
            return readExpression(value, .text, into: i, scope, as: use).map { .lower($0) }
        case "host":
            guard takes(.text) else { return wrong("text") }
            return readExpression(value, .text, into: i, scope, as: use).map { .host($0) }
        case "length":
            guard takes(.bigint) else { return wrong("bigint") }
            return place(value, nil, into: i, scope, as: use).map { .length(.place($0)) }
        case "first": return readList(value, type, i, scope, use).map { .first($0) }
        case "concat":
            guard takes(.text) else { return wrong("text") }
            return readList(value, .text, i, scope, use).map { .concat($0) }
        case "day":
            guard takes(.date) else { return wrong("date") }
            return readMoment(value, i, scope, use).map { .day($0) }
        case "month":
            guard takes(.text, .date) else { return wrong("text or date") }
            return readMoment(value, i, scope, use).map { .month($0) }
        case "days":
            guard takes(.bigint) else { return wrong("bigint") }
            guard let list = value.sequence, list.count == 2 else {
                report(value, "days takes two days or moments: {days: [.from, .to]}")
                return nil
            }
            guard let from = readMoment(list[0], i, scope, use), let to = readMoment(list[1], i, scope, use) else {
                return nil
            }
            return .days(from: from, to: to)
        case "object":
            guard type == .json else { return wrong("json") }
            return readObject(value, i, scope, use)
        case "constant":
            return type == .json ? value.scalar.map { .json(Self.quoted($0.string)) } : readConstant(value, i)
        case _ where Self.operations.contains(word):
            report(key, "\(word) is done to a column, and is no value")
        case _:
            let names = Self.functions + (type == columns[i].type && use == .value ? Self.operations : [])
            report(key, "unknown operation \(word)" + Nearest.suggestion(for: word, among: names))
        }
        return nil
    }

    private mutating func readList(
        _ node: Node, _ type: ColumnType, _ i: Int, _ scope: Scope, _ use: Use
    ) -> [Expression<Source>]? {
        guard let list = node.sequence, !list.isEmpty else {
            report(node, "a list of values is expected: [.nickname, .name]")
            return nil
        }
        let values = list.map { readExpression($0, type, into: i, scope, as: use) }
        return values.contains { $0 == nil } ? nil : values.compactMap(\.self)
    }

    private mutating func readMoment(_ node: Node, _ i: Int, _ scope: Scope, _ use: Use) -> Expression<Source>? {
        let text = node.string ?? ""
        switch text {
        case "$occurred_at": return .occurredAt
        case "$recorded_at": return .recordedAt
        case _ where node.scalar?.style == .plain && (text.hasPrefix(".") || text.hasPrefix("$item")):
            guard let place = place(node, nil, into: i, scope, as: use) else { return nil }
            if case .data(let names) = place, let catalogue,
                case .place(let found) = catalogue.find(names, in: scope.event),
                !ColumnType.date.takes(found.kind), !ColumnType.timestamptz.takes(found.kind)
            {
                report(node, "\(text) of \(scope.event) is \(found.kind.said), and a day or a moment is wanted")
            }
            return .place(place)
        case _:
            report(node, "a day or a moment is expected: $occurred_at, or a path to one")
            return nil
        }
    }

    private mutating func readObject(_ node: Node, _ i: Int, _ scope: Scope, _ use: Use) -> Expression<Source>? {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            report(node, "an object's members are expected: {object: {stage: .to, at: $occurred_at}}")
            return nil
        }
        var members: [(name: String, value: Expression<Source>)] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            if !DefinitionReader.isName(name) { report(key, "a member's name is a word: a to z, digits and _") }
            guard let value = readExpression(value, .json, into: i, scope, as: use) else { return nil }
            members.append((name, value))
        }
        return .object(members)
    }

    // MARK: - What is a constant?

    private mutating func readConstant(_ node: Node, _ i: Int) -> Expression<Source>? {
        readConstant(node, columns[i].type, i)
    }

    private mutating func readConstant(_ node: Node, _ type: ColumnType, _ i: Int) -> Expression<Source>? {
        let text = node.string ?? ""
        let found: Expression<Source>?
        switch type {
        case .text: found = node.scalar.map { .text($0.string) }
        case .bigint: found = Int64(text).map { .number($0) }
        case .boolean: found = text == "true" ? .number(1) : text == "false" ? .number(0) : nil
        case .uuid: found = UUID(text: text).map { .id(Cell($0)) }
        case .date: found = Day(text).map { .number(Int64($0.number) - Epoch.days) }
        case .timestamptz: found = Instant(text).map { .number($0.microseconds - Epoch.microseconds) }
        case .numeric: found = DefinitionReader.plainNumber(text).map { .text($0) }
        case .json: found = nil
        }
        if let found { return found }
        let what = type == columns[i].type ? ", which the column \(columns[i].name) is" : ""
        report(node, "\(text) is no constant of type \(type)\(what)")
        return nil
    }

    static func plainNumber(_ text: String) -> String? {
        let utf8 = Array(text.utf8)
        return utf8.withUnsafeBufferPointer { number in
            var out = [UInt8](repeating: 0, count: Numeric.room(number.count))
            guard let start = number.baseAddress, let length = Numeric.plain(start, number.count, to: &out) else {
                return nil
            }
            return String(decoding: out.prefix(length), as: UTF8.self)
        }
    }

    /// A scalar of the file as JSON has it.
    private static func json(_ scalar: Node.Scalar) -> String {
        let text = scalar.string
        if scalar.style == .plain, text == "true" || text == "false" || plainNumber(text) == text { return text }
        return quoted(text)
    }
    private static func quoted(_ text: String) -> String { String(decoding: JSON.string(text).bytes, as: UTF8.self) }
}
