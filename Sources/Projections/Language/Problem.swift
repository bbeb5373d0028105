/// What is wrong in a projection file, and where.
public struct Problem: Error, Sendable, Codable, Equatable, CustomStringConvertible {
    /// The file's name.
    public let file: String
    /// Counted from 1.
    public let line: Int
    /// Counted from 1.
    public let column: Int
    /// What is wrong, and the nearest right name where there is one.
    public let message: String

    /// `file:line:column: message`, as compilers write it.
    public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// Files that are refused, with all that is wrong in them.
public struct Problems: Error, Sendable, CustomStringConvertible {
    /// At least one.
    public let problems: [Problem]

    /// One line for each.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// How to say what was probably meant.
enum Nearest {
    /// `; did you mean x?`, or what there is where nothing is near.
    static func suggestion(for word: String, among names: some Collection<String>) -> String {
        let sorted = names.sorted()
        let near = sorted.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        if let near, near.distance <= max(2, word.count / 3) { return "; did you mean \(near.name)?" }
        if sorted.isEmpty { return "" }
        return sorted.count <= 12 ? "; there is \(sorted.joined(separator: ", "))" : ""
    }

    /// How many characters to insert, delete or replace (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let cost = min(diagonal + (a[i] == b[j] ? 0 : 1), row[j] + 1, row[j + 1] + 1)
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[b.count]
    }
}
