import Kernel
import Yams

// MARK: - Which rows may tell of the same?

extension DefinitionReader {
    /// `keys: {match: {email: [email], person: [first_name, last_name]}}`: the columns are the row's own.
    mutating func readMatch(_ node: Node, _ key: Node, _ i: Int) -> Assignment? {
        guard columns[i].type == .json else {
            report(key, "\(columns[i].name) is \(columns[i].type), and match makes json")
            return nil
        }
        // What is personal in the columns is folded again without its key, as they are.
        if !keyColumns.isEmpty { report(key, "match needs `key: stream`") }
        guard let mapping = node.mapping, !mapping.isEmpty else {
            report(node, "match takes columns by how they are compared: {match: {email: [email], phone: [phone]}}")
            return nil
        }
        let forms = Match.Form.allCases.map(\.rawValue)
        var parts: [MatchPart] = []
        for (name, list) in mapping {
            guard let form = name.string.flatMap(Match.Form.init) else {
                let word = name.string ?? ""
                report(name, "nothing is compared as \(word)" + Nearest.suggestion(for: word, among: forms))
                continue
            }
            let nodes = list.sequence.map { Array($0) } ?? [list]
            parts.append(MatchPart(form: form, columns: nodes.compactMap { text($0) }))
        }
        return .match(parts)
    }

    /// A column of text, or of entries that have an address.
    private mutating func text(_ node: Node) -> Int? {
        guard let i = column(node) else { return nil }
        switch columns[i].type {
        case .text, .json: return i
        case .bigint, .boolean, .uuid, .date, .timestamptz, .numeric:
            report(node, "\(columns[i].name) is \(columns[i].type), and text is compared")
            return nil
        }
    }

    /// `pairs: [email, phone]`: keys of the values. What makes pairs of rows stands in columns of these names.
    mutating func readPairs(_ node: Node, _ values: Int?) -> [String] {
        if values == nil { report(node, "pairs needs `values`: rows are a pair by a value that both have") }
        for (name, type) in Self.pairing where !columns.contains(where: { $0.name == name && $0.type == type }) {
            report(node, "pairs needs the column \(name): \(type)")
        }
        let names = (node.sequence ?? []).compactMap(\.string)
        if names.isEmpty || names.count != node.sequence?.count || !names.allSatisfy(DefinitionReader.isName) {
            report(node, "pairs is a list of keys of the values: [email, phone]")
            return []
        }
        return names
    }
    private static let pairing: KeyValuePairs<String, ColumnType> = [
        "entity": .text, "same_as": .uuid, "arrived": .bigint, "keys": .json,
    ]
}

extension Step {
    var isMatch: Bool {
        if case .assign(_, .match) = self { return true }
        return false
    }
}
