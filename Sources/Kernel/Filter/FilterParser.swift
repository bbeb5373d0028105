// MARK: How is a text read?

extension Filter {
    /// Reads `and(…,…)`, `or(…,…)`, `not(…)` and `name.comparison.value`.
    ///
    /// A value ends at a comma or a closing bracket; in double quotes it may hold anything, `\"` and `\\` standing for
    /// a quote and a backslash. Several values stand in brackets: `stage_id.in.(a,b)`. Spaces around words mean
    /// nothing.
    public init(_ text: String) throws(Flaw) {
        guard text.utf8.count <= Filter.most.bytes else {
            throw Flaw(1, "a filter has at most \(Filter.most.bytes) bytes")
        }
        var parser = FilterParser(text)
        self = try parser.filter(depth: 0)
        try parser.end()
    }
}

/// Reads a filter from left to right; what cannot go on is told with its place.
private struct FilterParser {
    private let characters: [Character]
    private var at = 0
    private var tests = 0

    init(_ text: String) { characters = Array(text) }

    private var place: Int { at + 1 }
    private var next: Character? { at < characters.count ? characters[at] : nil }

    private mutating func skipSpaces() {
        while let character = next, character.isWhitespace { at += 1 }
    }
    /// Takes this character, if it comes next.
    private mutating func takes(_ wanted: Character) -> Bool {
        skipSpaces()
        guard next == wanted else { return false }
        at += 1
        return true
    }

    func end() throws(Filter.Flaw) {
        if at < characters.count { throw Filter.Flaw(place, "nothing is expected here: the filter has ended") }
    }

    mutating func filter(depth: Int) throws(Filter.Flaw) -> Filter {
        guard depth <= Filter.most.depth else {
            throw Filter.Flaw(place, "groups stand in groups at most \(Filter.most.depth) deep")
        }
        skipSpaces()
        let start = place
        let name = word()
        if !name.contains("."), takes("(") {
            switch name {
            case "and": return .all(try parts(depth))
            case "or": return .any(try parts(depth))
            case "not":
                let part = try filter(depth: depth + 1)
                guard takes(")") else { throw Filter.Flaw(place, "not takes one filter: ) is expected") }
                skipSpaces()
                return .not(part)
            case _: throw Filter.Flaw(start, "and(…), or(…), not(…) or a test such as amount.gte.5 is expected")
            }
        }
        return .test(try test(name, start))
    }

    private mutating func parts(_ depth: Int) throws(Filter.Flaw) -> [Filter] {
        var parts: [Filter] = []
        repeat { parts.append(try filter(depth: depth + 1)) } while takes(",")
        guard takes(")") else { throw Filter.Flaw(place, "a comma or ) is expected") }
        skipSpaces()
        return parts
    }

    /// Letters, digits, `_`, `-` and dots, up to what is none of them.
    private mutating func word() -> String {
        let start = at
        while let character = next, character.isLetter || character.isNumber || "_-.".contains(character) { at += 1 }
        return String(characters[start..<at])
    }

    /// What stands before the first dot-separated word that is a comparison is the name, what is behind it the value.
    private mutating func test(_ head: String, _ start: Int) throws(Filter.Flaw) -> Filter.Test {
        tests += 1
        guard tests <= Filter.most.tests else {
            throw Filter.Flaw(start, "a filter has at most \(Filter.most.tests) tests")
        }
        let words = head.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // The key of a field of one's own may be any word.
        let first = words.first == "custom" ? 2 : 1
        guard let found = words.indices.first(where: { $0 >= first && Filter.Comparison(rawValue: words[$0]) != nil }),
            let comparison = Filter.Comparison(rawValue: words[found]), found + 1 < words.count,
            !words[..<found].contains("")
        else {
            let all = Filter.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
            throw Filter.Flaw(start, "a test such as amount.gte.5 is expected; the comparisons are \(all)")
        }
        let name = words[..<found].joined(separator: ".")
        at = start - 1 + name.count + comparison.rawValue.count + 2
        let values = comparison.takesSeveral ? try several(comparison) : [try value()]
        skipSpaces()
        return Filter.Test(name, comparison, values, at: start)
    }

    private mutating func several(_ comparison: Filter.Comparison) throws(Filter.Flaw) -> [String] {
        let start = place
        guard takes("(") else {
            throw Filter.Flaw(start, "\(comparison.rawValue) takes values in brackets: \(comparison.rawValue).(a,b)")
        }
        var values: [String] = []
        repeat { values.append(try value()) } while takes(",")
        guard takes(")") else { throw Filter.Flaw(place, "a comma or ) is expected") }
        guard values.count <= Filter.most.values else {
            throw Filter.Flaw(start, "at most \(Filter.most.values) values can be given")
        }
        if comparison == .between, values.count != 2 {
            throw Filter.Flaw(start, "between takes two values: the first and the last that are meant")
        }
        return values
    }

    private mutating func value() throws(Filter.Flaw) -> String {
        skipSpaces()
        let start = place
        if next == "\"" { return try quoted() }
        var value: [Character] = []
        while let character = next, !",()".contains(character) {
            guard character != "\"", character != "\\" else {
                throw Filter.Flaw(place, "a value with quotes or backslashes in it stands in quotes")
            }
            value.append(character)
            at += 1
        }
        if next == "(" { throw Filter.Flaw(place, "a value with brackets or commas in it stands in quotes") }
        while value.last?.isWhitespace == true { value.removeLast() }
        guard !value.isEmpty else { throw Filter.Flaw(start, "a value is expected") }
        return String(value)
    }

    private mutating func quoted() throws(Filter.Flaw) -> String {
        let start = place
        at += 1
        var value: [Character] = []
        while let character = next {
            at += 1
            switch character {
            case "\"":
                skipSpaces()
                guard next == nil || ",)".contains(next ?? ",") else {
                    throw Filter.Flaw(place, "a comma or ) is expected behind a value in quotes")
                }
                return String(value)
            case "\\":
                guard let escaped = next, escaped == "\"" || escaped == "\\" else {
                    throw Filter.Flaw(place, "a backslash stands before a quote or another backslash")
                }
                at += 1
                value.append(escaped)
            case _: value.append(character)
            }
        }
        throw Filter.Flaw(start, "the quote is not closed")
    }
}
