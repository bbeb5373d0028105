import FoundationEssentials
import Kernel
import Yams

/// Reads the tests of a projection.
struct TestReader {
    private let file: String
    private let definitions: [Definition]
    private let catalogue: EventCatalogue?
    private var reader: DefinitionReader

    /// A file of tests, with the definitions that there are.
    static func read(
        _ file: ProjectionFile, _ definitions: [Definition], _ catalogue: EventCatalogue?
    ) throws(Problems) -> TestFile {
        var reader = TestReader(file, definitions, catalogue)
        let found = reader.read(file.text)
        if let found, reader.reader.problems.isEmpty { return found }
        throw Problems(problems: reader.reader.problems)
    }

    private init(_ file: ProjectionFile, _ definitions: [Definition], _ catalogue: EventCatalogue?) {
        self.file = file.name
        self.definitions = definitions
        self.catalogue = catalogue
        reader = DefinitionReader(file: file.name, catalogue: catalogue)
    }

    private mutating func read(_ text: String) -> TestFile? {
        guard let root = reader.compose(text, what: "tests are a mapping: tests: [{name: …, events: […], rows: […]}]")
        else { return nil }
        check(root, among: ["projection", "tests"])
        let beside = TestFile.definition(beside: file)
        let name = root["projection"]?.string
        let names = definitions.map(\.name)
        guard let definition = definitions.first(where: { name == nil ? $0.file == beside : $0.name == name }) else {
            let what = name.map { "there is no projection \($0)" + Nearest.suggestion(for: $0, among: names) }
            reader.report(root["projection"], what ?? "\(beside) is not beside it: say projection: NAME")
            return nil
        }
        guard let list = root["tests"]?.sequence, !list.isEmpty else {
            reader.report(root["tests"] ?? .mapping(root), "tests is a list: [{name: …, events: […], rows: […]}]")
            return nil
        }
        return TestFile(
            file: file, projection: definition.name, tests: list.compactMap { readTest($0, definition) })
    }

    private mutating func check(_ mapping: Node.Mapping, among members: [String]) {
        for (key, _) in mapping where !members.contains(key.string ?? "") {
            let name = key.string ?? ""
            reader.report(key, "unknown member \(name)" + Nearest.suggestion(for: name, among: members))
        }
    }

    // MARK: - What is given?

    private mutating func readTest(_ node: Node, _ definition: Definition) -> TestFile.Test? {
        guard let mapping = node.mapping else {
            reader.report(node, "a test is a mapping: {name: …, events: […], rows: […]}")
            return nil
        }
        check(mapping, among: ["name", "events", "rows", "totals"])
        let table = ReadTable(definition: definition, name: definition.name)
        guard let name = mapping["name"]?.string else {
            reader.report(node, "a test has a name: the sentence that it proves")
            return nil
        }
        if mapping["rows"] == nil, mapping["totals"] == nil {
            reader.report(node, "a test expects rows or totals; none at all are rows: []")
        }
        if let node = mapping["totals"], definition.totals == nil {
            reader.report(node, "\(definition.name) has no totals")
        }
        guard let list = mapping["events"]?.sequence else {
            reader.report(mapping["events"] ?? node, "events is a list: [{deal.opened: {title: Pump}}]")
            return nil
        }
        return TestFile.Test(
            name: name, events: readEvents(Array(list)),
            rows: mapping["rows"].flatMap { readExpectation($0, table.fields.map(\.name)) },
            totals: mapping["totals"].flatMap { readExpectation($0, table.totalsFields.map(\.name)) })
    }

    private mutating func readEvents(_ nodes: [Node]) -> [TestFile.Event] {
        var versions: [UUID: Int32] = [:]
        // 2026-01-01T00:00:00Z, and a minute more with each event that does not say.
        var at = Instant(microseconds: 1_767_225_600_000_000)
        var events: [TestFile.Event] = []
        for node in nodes {
            guard let mapping = node.mapping else {
                reader.report(node, "an event is a mapping: {deal.opened: {title: Pump}, stream: $pump}")
                continue
            }
            var found: (key: Node, data: Node)?
            var stream = TestFile.id("it")
            var actor = TestFile.id("somebody")
            for (key, value) in mapping {
                switch key.string ?? "" {
                case "stream": stream = readID(value) ?? stream
                case "by": actor = readID(value) ?? actor
                case "at":
                    guard let instant = value.string.flatMap({ Instant($0) }) else {
                        reader.report(value, "at is a moment: 2026-01-31T10:00:00Z")
                        continue
                    }
                    at = instant
                case let word where word.contains("."): found = (key, value)
                case let word:
                    let near = Nearest.suggestion(for: word, among: ["stream", "by", "at"])
                    reader.report(key, "an event has a name of two words, and stream, by, at" + near)
                }
            }
            guard let (key, data) = found, let type = key.string else {
                reader.report(node, "which event? {deal.opened: {title: Pump}}")
                continue
            }
            checkEvent(type, key, data)
            versions[stream, default: 0] += 1
            let json = json(data)
            events.append(
                TestFile.Event(
                    place: place(key), type: type, data: json == .null ? [:] : json, stream: stream,
                    version: versions[stream] ?? 1, actor: actor, occurredAt: at))
            at = Instant(microseconds: at.microseconds + 60_000_000)
        }
        return events
    }

    private mutating func readID(_ node: Node) -> UUID? {
        let text = node.string ?? ""
        if text.hasPrefix("$") { return TestFile.id(String(text.dropFirst())) }
        if let id = UUID(text: text) { return id }
        reader.report(node, "an id is expected, or a name for one: $pump")
        return nil
    }

    private mutating func checkEvent(_ type: String, _ key: Node, _ data: Node) {
        guard let catalogue else { return }
        guard catalogue.events[type] != nil else {
            let near = Nearest.suggestion(for: type, among: catalogue.events.keys)
            return reader.report(key, "there is no event \(type)" + near)
        }
        checkMembers(of: data, [], type, catalogue)
    }

    private mutating func checkMembers(of node: Node, _ path: [String], _ type: String, _ catalogue: EventCatalogue) {
        guard let mapping = node.mapping else { return }
        for (key, value) in mapping {
            let names = path + [key.string ?? ""]
            switch catalogue.find(names, in: type) {
            case .place: checkMembers(of: value, names, type, catalogue)
            case .unknown: continue
            case .nothing:
                let text = "." + names.joined(separator: ".")
                let near = Nearest.suggestion(for: text, among: catalogue.paths(of: type))
                reader.report(key, "\(type) has no \(text)" + near)
            }
        }
    }

    // MARK: - What is expected?

    private mutating func readExpectation(_ node: Node, _ names: [String]) -> TestFile.Expectation? {
        guard let list = node.sequence else {
            reader.report(node, "a list of rows is expected: [{title: Pump}]")
            return nil
        }
        let rows = list.compactMap { row -> TestFile.Row? in
            guard let mapping = row.mapping else {
                reader.report(row, "a row is a mapping of columns: {title: Pump}")
                return nil
            }
            return TestFile.Row(
                place: place(row),
                columns: mapping.map { key, value in
                    let name = key.string ?? ""
                    if !names.contains(name) {
                        let near = Nearest.suggestion(for: name, among: names)
                        reader.report(key, "there is no column \(name)" + near)
                    }
                    return (name, json(value), place(value))
                })
        }
        return TestFile.Expectation(place: place(node), rows: rows)
    }

    private func place(_ node: Node) -> TestFile.Place {
        TestFile.Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    // MARK: - What does a value of the file say?

    /// As YAML has it; `$pump` is a made-up id, also as a member's name.
    private func json(_ node: Node) -> JSON {
        if let list = node.sequence { return .array(list.map { json($0) }) }
        if let mapping = node.mapping {
            return .object(Dictionary(mapping.map { (name($0.key), json($0.value)) }) { $1 })
        }
        guard let scalar = node.scalar else { return .null }
        let text = scalar.string
        guard scalar.style == .plain else { return .string(text) }
        switch text {
        case "", "~", "null": return .null
        case "true", "false": return .bool(text == "true")
        case _:
            if let whole = Int64(text) { return .integer(whole) }
            if DefinitionReader.plainNumber(text) != nil, let number = Double(text) { return .number(number) }
            return .string(name(node))
        }
    }
    private func name(_ node: Node) -> String {
        let text = node.string ?? ""
        guard node.scalar?.style == .plain, text.hasPrefix("$"), text.count > 1 else { return text }
        return TestFile.id(String(text.dropFirst())).text
    }
}
