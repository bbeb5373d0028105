import Kernel
import Yams

/// Reads a mapping and notes all that is wrong with it, each with its line and column.
struct MappingReader {
    /// What is wrong, in the order in which it was met.
    private(set) var flaws: [Flaw] = []
    let header: Header
    let settings: ImportSettings
    /// What the mapping says for all its records.
    var defaults = Defaults()

    struct Defaults {
        var source = ""
        var currency: Currency?
        var numbers = Reading.Numbers()
        var days = DayPattern.iso
        /// The zone of times that name none; nil: the organization's.
        var times: String?
        var prepares = Preparation()
        /// Other spellings of columns, by the one that the mapping uses.
        var spellings: [String: [String]] = [:]
        /// Whether a column that the file lacks stands for empty cells.
        var lacksColumns = false
    }

    /// Nodes looked at; aliases make a small file large.
    private var visited = 0
    private static let most = 20_000

    init(header: Header, settings: ImportSettings) {
        (self.header, self.settings) = (header, settings)
        defaults.prepares.pipelines = settings.pipelines
    }

    mutating func note(_ node: Node, _ code: String, _ detail: String) {
        flaws.append(Flaw("/mapping", code, MappingReader.placed(node.mark, detail)))
    }

    static func placed(_ mark: Mark?, _ detail: String) -> String {
        mark.map { "line \($0.line), column \($0.column): \(detail)" } ?? detail
    }

    // MARK: What kinds of node are there?

    /// The members of a mapping, by name; none of another name may be there.
    mutating func members(_ node: Node, _ what: String, known: [String]) -> [String: Node] {
        let all = pairs(node, what)
        for (key, _) in all where !known.contains(key.string ?? "") {
            note(
                key, "unknown_member",
                "\(what) has no `\(key.string ?? "?")`\(Nearest.hint(key.string ?? "", in: known))")
        }
        return Dictionary(all.map { ($0.key.string ?? "", $0.value) }) { first, _ in first }
    }

    /// The members of a mapping, in order.
    mutating func pairs(_ node: Node, _ what: String) -> [(key: Node, value: Node)] {
        visited += 1
        guard visited < Self.most else {
            if visited == Self.most { note(node, "too_long", "the mapping says more than \(Self.most) things") }
            return []
        }
        guard let mapping = node.mapping else {
            note(node, "wrong_type", "\(what) is a list of `name: value`")
            return []
        }
        return mapping.map { ($0.key, $0.value) }
    }

    /// The items of a list; a single item stands for a list of one.
    mutating func items(_ node: Node) -> [Node] {
        visited += 1
        guard visited < Self.most else { return [] }
        return node.sequence.map(Array.init) ?? [node]
    }

    /// A text that is not empty.
    mutating func text(_ node: Node?, _ what: String, in owner: Node) -> String? {
        guard let node else {
            note(owner, "required", "\(what) must be given")
            return nil
        }
        return text(node, what)
    }

    mutating func text(_ node: Node, _ what: String) -> String? {
        guard let text = node.scalar?.string, let line = Normal.line(text), !line.isEmpty else {
            note(node, "wrong_type", "\(what) is a text")
            return nil
        }
        return line
    }

    mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ node: Node, _ what: String, _: Word.Type)
        -> Word?
    {
        guard let given = text(node, what) else { return nil }
        if let word = Word(rawValue: given) { return word }
        note(node, "not_allowed", "\(what) is not `\(given)`\(Nearest.hint(given, in: Word.allCases.map(\.rawValue)))")
        return nil
    }

    mutating func integer(_ node: Node, _ what: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let number = node.scalar.flatMap({ Int64($0.string) }), range.contains(number) else {
            note(node, "out_of_range", "\(what) is a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func character(_ node: Node, _ what: String) -> Character? {
        guard let text = node.scalar?.string, text.count == 1, let character = text.first, character.isASCII else {
            note(node, "wrong_type", "\(what) is one ASCII character")
            return nil
        }
        return character
    }

    // MARK: Which column is meant?

    mutating func column(_ node: Node) -> FileColumn? {
        guard let name = text(node, "a column") else { return nil }
        return column(name, at: node)
    }

    mutating func column(_ name: String, at node: Node) -> FileColumn? {
        let spellings = [name] + (defaults.spellings[name] ?? [])
        var found: [FileColumn] = []
        for columns in spellings.map(header.columns) where !columns.isEmpty {
            guard let column = Header.one(of: columns) else {
                let names = columns.map(\.name).joined(separator: ", ")
                note(node, "ambiguous", "`\(name)` may be any of \(names); write it as the file does")
                return nil
            }
            found.append(column)
        }
        let isWorkedOut = name.hasPrefix("~")
        if found.isEmpty, defaults.lacksColumns, !isWorkedOut { return FileColumn(index: -1, name: name) }
        if found.isEmpty, isWorkedOut {
            note(node, "column_unknown", "`\(name)` is worked out where a file is imported by `--from SYSTEM`")
        } else if found.isEmpty {
            note(node, "column_unknown", "the file has no column `\(name)`\(Nearest.hint(name, in: header.names))")
        }
        return Header.one(of: found, areSame: true)
    }
}

/// The first line of a file.
struct Header: Sendable, Hashable {
    let names: [String]

    init(_ names: [String]) { self.names = names.map { Normal.line($0) ?? $0 } }

    /// The column of that name; else those whose names differ in case, spaces and underscores only.
    func columns(_ name: String) -> [FileColumn] {
        func all(_ test: (String) -> Bool) -> [FileColumn] {
            names.enumerated().filter { test($1) }.map { FileColumn(index: $0, name: $1) }
        }
        let exact = all { $0 == name }
        return exact.isEmpty ? all { Self.fold($0) == Self.fold(name) } : exact
    }

    /// The column of that name, or of another spelling of it; nil where there is none.
    func column(_ name: String, or spellings: [String]) -> FileColumn? {
        Header.one(of: ([name] + spellings).compactMap { Header.one(of: columns($0)) }, areSame: true)
    }

    /// One column for several of which each stands for all: where one is empty, the next one counts.
    /// - Parameter areSame: whether they are; else those are that have one name, as some exports repeat it.
    /// - Returns: nil where there is none, or where it may be any of them.
    static func one(of columns: [FileColumn], areSame: Bool = false) -> FileColumn? {
        guard var first = columns.first, areSame || columns.allSatisfy({ $0.name == first.name }) else { return nil }
        let places = columns.flatMap { [$0.index] + $0.others }
        first.others = places.filter { $0 != first.index }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        return first
    }

    /// A name as names are compared.
    static func fold(_ name: String) -> String {
        name.lowercased().filter { !$0.isWhitespace && $0 != "_" && $0 != "-" }
    }
}
