import Yams

extension Definition {
    /// Reads one projection file. With a catalogue, events and paths that do not exist are refused.
    /// Throws `Problems` with everything that is wrong in the file, not only the first.
    public static func read(file: String, text: String, catalogue: EventCatalogue? = nil) throws(Problems) -> Definition
    {
        var reader = DefinitionReader(file: file, catalogue: catalogue)
        let definition = reader.read(text)
        if let definition, reader.problems.isEmpty { return definition }
        throw Problems(problems: reader.problems)
    }
}

/// Reads a file into a definition and gathers what is wrong.
struct DefinitionReader {
    let file: String
    let catalogue: EventCatalogue?
    private(set) var problems: [Problem] = []
    private(set) var columns: [Column] = []
    /// Where something personal comes into a column.
    private var personal: [(column: Int, node: Node)] = []
    /// The key's columns; none where it is the stream.
    private(set) var keyColumns: [Int] = []
    /// Columns whose type was not understood: what follows from that is not told.
    private(set) var untyped: Set<Int> = []

    private static let members = [
        "projection", "description", "owner", "version", "key", "columns", "on", "history", "totals",
        "indexes", "search", "values", "pairs",
    ]
    /// What stands beside the columns of an event.
    private static let words = ["each", "when", "clear", "remove"]
    /// Tables of `read` that are not projections.
    private static let taken = ["projection", "progress", "held", "view", "lease", "rebuild"]
    /// Of names of what belongs to a projection.
    private static let endings = ["_totals", "_history", "_versions", "_search", "_values", "_pairs"]

    init(file: String, catalogue: EventCatalogue?) {
        self.file = file
        self.catalogue = catalogue
    }

    mutating func report(_ node: Node?, _ message: String) {
        let mark = node?.mark
        problems.append(Problem(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message))
    }

    mutating func read(_ text: String) -> Definition? {
        guard let root = compose(text) else { return nil }
        var found: [String: Node] = [:]
        for (key, value) in root {
            let name = key.string ?? ""
            if Self.members.contains(name) {
                found[name] = value
            } else {
                report(key, "unknown member \(name)" + Nearest.suggestion(for: name, among: Self.members))
            }
        }
        for name in ["projection", "key", "columns", "on"] where found[name] == nil {
            report(.mapping(root), "\(name) is missing")
        }
        let name = found["projection"].flatMap { tableName($0) }
        if let node = found["columns"] { readColumns(node) }
        let key = found["key"].map { readKey($0) } ?? .stream
        let handlers = found["on"].map { readHandlers($0) } ?? []
        let history = found["history"].flatMap { readHistory($0, found["key"]) }
        let totals = found["totals"].flatMap { readTotals($0) }
        let indexes = found["indexes"].map { readIndexes($0) } ?? []
        let search = found["search"].map { readSearch($0) } ?? []
        let values = found["values"].flatMap { readValues($0, found["key"]) }
        let pairs = found["pairs"].map { readPairs($0, values) } ?? []
        guard let name else { return nil }
        let definition = Definition(
            name: name, key: key, description: found["description"]?.string, owner: found["owner"]?.string,
            version: found["version"]?.string, columns: columns + (history?.marks ?? []), history: history,
            totals: totals, indexes: indexes, search: search, values: values, pairs: pairs, file: file, text: text,
            handlers: handlers)
        if let catalogue { refusePersonalGroups(of: definition, catalogue, found["totals"]) }
        if problems.isEmpty, !definition.rowsAreOfOneStream { refusePersonalColumns(found["key"]) }
        return definition
    }

    /// The file's mapping. `what`: what a file that has none should be.
    mutating func compose(
        _ text: String, what: String = "a projection is a mapping: projection: NAME, key: stream, columns: …, on: …"
    ) -> Node.Mapping? {
        do {
            guard let root = try Yams.compose(yaml: text) else {
                report(nil, "the file is empty")
                return nil
            }
            if let mapping = root.mapping { return mapping }
            report(root, what)
        } catch let error as YamlError {
            report(error)
        } catch {
            report(nil, "\(error)")
        }
        return nil
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            problems.append(Problem(file: file, line: mark.line, column: mark.column, message: "not YAML: \(problem)"))
        case .duplicatedKeysInMapping(let names, let context):
            let message = "\(names.sorted().joined(separator: ", ")) stands twice in one mapping"
            problems.append(Problem(file: file, line: context.mark.line, column: context.mark.column, message: message))
        case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            report(nil, "not YAML: \(error)")
        }
    }

    // MARK: - What are the table and its columns?

    private mutating func tableName(_ node: Node) -> String? {
        guard let name = node.string, DefinitionReader.isName(name), name.utf8.count <= 40 else {
            report(node, "a projection's name is a word such as deals: a to z, digits and _, at most 40 characters")
            return nil
        }
        let isTaken = Self.taken.contains(name) || Self.endings.contains { name.hasSuffix($0) }
        if isTaken || name.contains("__") {
            let endings = Self.endings.joined(separator: ", ")
            report(node, "\(name) is taken: choose another name, without \(endings) at the end and without __")
        }
        return name
    }

    /// What Postgres takes without quotes, and nothing else.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
        return name.utf8.count <= 63
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
    }

    private mutating func readColumns(_ node: Node) {
        guard let mapping = node.mapping else {
            return report(node, "columns is a mapping: {title: text, amount: bigint}")
        }
        if mapping.count > Row.mostColumns { report(node, "more than \(Row.mostColumns) columns") }
        let types = ColumnType.allCases.map(\.rawValue)
        for (key, value) in mapping {
            let name = key.string ?? ""
            if !DefinitionReader.isName(name) {
                report(key, "a column's name is a word such as closed_at: a to z, digits and _")
            } else if (Standard.before + Standard.after).contains(name) {
                report(key, "every table has the column \(name) already")
            } else if Self.words.contains(name) {
                report(key, "\(name) is a word of the language, and no column")
            }
            let word = value.string ?? ""
            let type = ColumnType(rawValue: word)
            if type == nil {
                report(value, "unknown type \(word)" + Nearest.suggestion(for: word, among: types))
                untyped.insert(columns.count)
            }
            columns.append(Column(name: name, type: type ?? .text))
        }
    }

    /// The number of a column, or a report of one that does not exist.
    mutating func column(_ node: Node) -> Int? {
        let name = node.string ?? ""
        if let i = columns.firstIndex(where: { $0.name == name }) { return i }
        report(node, "there is no column \(name)" + Nearest.suggestion(for: name, among: columns.map(\.name)))
        return nil
    }

    // MARK: - What is a row of the table?

    private mutating func readKey(_ node: Node) -> Key {
        if node.string == "stream" { return .stream }
        let nodes = node.sequence.map { Array($0) } ?? [node]
        guard !nodes.isEmpty, nodes.allSatisfy({ $0.string.map(DefinitionReader.isName) ?? false }) else {
            report(node, "a key is stream, or columns whose values make a row: key: [owner_id, month]")
            return .stream
        }
        for node in nodes {
            guard let i = column(node) else { continue }
            switch columns[i].type {
            case .numeric, .json: report(node, "\(columns[i].name) is \(columns[i].type), which makes no key")
            case .text, .bigint, .boolean, .uuid, .date, .timestamptz: break
            }
            if keyColumns.contains(i) { report(node, "key names \(columns[i].name) twice") }
            keyColumns.append(i)
        }
        return keyColumns.isEmpty ? .stream : .columns(keyColumns)
    }

    /// Notes that a column takes what is personal.
    mutating func notePersonal(_ column: Int, _ node: Node) { personal.append((column, node)) }

    /// A row that several streams feed cannot be folded again without one person's key.
    private mutating func refusePersonalColumns(_ key: Node?) {
        for (column, node) in personal {
            report(
                node,
                "\(columns[column].name) is personal, and rows of several streams outlive the person; "
                    + "let the key hold a column that is always $stream or $position")
        }
    }

    // MARK: - What are the totals and indexes?

    private mutating func readTotals(_ node: Node) -> Totals? {
        guard let mapping = node.mapping else {
            report(node, "totals is a mapping: {by: [stage], count: deals, sum: amount}")
            return nil
        }
        let members = ["by", "count", "sum"]
        for (key, _) in mapping where !members.contains(key.string ?? "") {
            report(
                key, "unknown member \(key.string ?? "")" + Nearest.suggestion(for: key.string ?? "", among: members))
        }
        guard let list = mapping["by"]?.sequence, !list.isEmpty else {
            report(mapping["by"] ?? node, "by is a list of columns: by: [stage, currency]")
            return nil
        }
        let by = list.compactMap { column($0) }
        for (i, node) in zip(by, list) where columns[i].type == .json { report(node, "a json column makes no group") }
        if Set(by).count < by.count { report(mapping["by"], "by names a column twice") }
        let sum = mapping["sum"].flatMap { node -> Int? in
            guard let i = column(node) else { return nil }
            if columns[i].type != .bigint, !untyped.contains(i) {
                report(node, "\(columns[i].name) is \(columns[i].type), and only bigint is summed")
            }
            return i
        }
        let count = mapping["count"]?.string ?? "count"
        let others = Standard.before + by.map { columns[$0].name } + (sum.map { [columns[$0].name] } ?? [])
        if !DefinitionReader.isName(count) || others.contains(count) {
            report(mapping["count"] ?? node, "count is the name of a column of its own, such as deals")
        }
        return Totals(by: by, count: count, sum: sum)
    }

    /// A group's name outlives the rows that made it, and a person could not be erased from it.
    private mutating func refusePersonalGroups(
        of definition: Definition, _ catalogue: EventCatalogue, _ node: Node?
    ) {
        let personal = definition.personalColumns(catalogue)
        let others = definition.columns.indices.prefix(definition.marks).filter { !personal.contains($0) }.prefix(6)
            .map { definition.columns[$0].name }.joined(separator: ", ")
        for place in (node?["by"]?.sequence.map { Array($0) } ?? []) + [node?["sum"]].compactMap(\.self) {
            guard let name = place.string, personal.contains(where: { definition.columns[$0].name == name }) else {
                continue
            }
            report(place, "\(name) is personal, and totals outlive the person; group by \(others)")
        }
    }

    /// Needs rows that are a stream's: a value is found by the id of its record.
    private mutating func readValues(_ node: Node, _ key: Node?) -> Int? {
        if key?.string != "stream" { report(node, "values needs `key: stream`: they are found by the stream's id") }
        guard let i = column(node) else { return nil }
        if columns[i].type != .json, !untyped.contains(i) {
            report(node, "\(columns[i].name) is \(columns[i].type), and values are the members of a json column")
        }
        return i
    }

    private mutating func readIndexes(_ node: Node) -> [[String]] {
        guard let lists = node.sequence else {
            report(node, "indexes is a list of lists of columns: [[stage, amount], [owner]]")
            return []
        }
        return lists.compactMap { list in
            guard let names = list.sequence, !names.isEmpty else {
                report(list, "an index is a list of columns: [stage, amount]")
                return nil
            }
            return names.compactMap { node in
                if let name = node.string, Standard.after.dropFirst(keyColumns.isEmpty ? 0 : 1).contains(name) {
                    return name
                }
                guard let i = column(node) else { return nil }
                if columns[i].type == .json { report(node, "\(columns[i].name) is json, which has no order") }
                return columns[i].name
            }
        }
    }

    private mutating func readSearch(_ node: Node) -> [Int] {
        guard let nodes = node.sequence, !nodes.isEmpty else {
            report(node, "search is a list of text columns: [title, description]")
            return []
        }
        let found = nodes.compactMap { column($0) }
        for (i, node) in zip(found, nodes) where columns[i].type != .text && !untyped.contains(i) {
            report(node, "\(columns[i].name) is \(columns[i].type), and words are searched in text")
        }
        if Set(found).count < found.count { report(node, "search names a column twice") }
        if columns.contains(where: { $0.name == SearchView.words }) {
            report(node, "a column is called \(SearchView.words), which is where search puts its words")
        }
        return found
    }
}
