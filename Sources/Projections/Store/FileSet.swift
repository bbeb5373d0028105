/// A view's file: one `CREATE VIEW read.NAME WITH (security_invoker = true) AS …`.
struct ViewFile: Sendable {
    let name: String
    let file: String
    let text: String

    init(name: String, file: String, text: String) {
        self.name = name
        self.file = file
        self.text = text
    }

    init(_ file: ProjectionFile) throws(Problems) {
        // What stands before it may be comments only.
        let words = file.text.split(separator: "\n").drop { $0.hasPrefix("--") || $0.allSatisfy(\.isWhitespace) }
            .joined(separator: " ").lowercased()
        guard let match = words.prefixMatch(of: /\s*create\s+view\s+read\.([a-z][a-z0-9_]*)\s+(with\s*\([^)]*\))?/)
        else {
            throw Problems(file, "a view's file begins with CREATE VIEW read.NAME WITH (security_invoker = true) AS")
        }
        let endings = ["_versions", "_history", "_totals", "_search", "_values", "_pairs"]
        if endings.contains(where: { match.1.hasSuffix($0) }) || match.1.contains("__") {
            throw Problems(
                file, "\(match.1) is taken: choose a name without \(endings.joined(separator: ", ")) at its end")
        }
        // Without it a view reads as its owner, whom row-level security lets see every organization.
        guard let options = match.2, options.contains(/security_invoker\s*=\s*(true|on)/) else {
            throw Problems(file, "the view \(match.1) must be WITH (security_invoker = true)")
        }
        self.init(name: String(match.1), file: file.name, text: file.text)
    }
}

/// The files of a folder, read and found right.
struct FileSet: Sendable {
    var definitions: [Definition] = []
    var views: [ViewFile] = []

    /// Tests of projections (`*.test.yaml`) and what is neither YAML nor SQL are passed over.
    init(_ files: [ProjectionFile], catalogue: EventCatalogue?) throws(Problems) {
        var problems: [Problem] = []
        for file in files.sorted(by: { $0.name < $1.name }) where !file.name.hasSuffix(".test.yaml") {
            do throws(Problems) {
                if file.name.hasSuffix(".yaml") || file.name.hasSuffix(".yml") {
                    let definition = try Definition.read(file: file.name, text: file.text, catalogue: catalogue)
                    if let other = definitions.first(where: { $0.name == definition.name }) {
                        throw Problems(file, "\(other.file) has a projection \(other.name) already")
                    }
                    definitions.append(definition)
                } else if file.name.hasSuffix(".sql") {
                    views.append(try ViewFile(file))
                }
            } catch {
                problems += error.problems
            }
        }
        if !problems.isEmpty { throw Problems(problems: problems) }
    }
}

extension Problems {
    fileprivate init(_ file: ProjectionFile, _ message: String) {
        self.init(problems: [Problem(file: file.name, line: 1, column: 1, message: message)])
    }
}
