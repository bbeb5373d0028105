/// A place where the tree does not keep a rule.
struct Finding: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

/// A rule that code can check, and a file that breaks it, which shows that the check would see it.
struct Rule: Sendable, CustomStringConvertible {
    /// What holds: "pure targets know no clock".
    let description: String
    /// Where it holds.
    let concerns: @Sendable (SourceFile) -> Bool
    /// Where a file breaks it.
    let findings: @Sendable (SourceFile) -> [Finding]
    /// A file that breaks it once.
    let canary: SourceFile

    init(
        _ description: String, canary: SourceFile, where concerns: @escaping @Sendable (SourceFile) -> Bool,
        findings: @escaping @Sendable (SourceFile) -> [Finding]
    ) {
        (self.description, self.canary) = (description, canary)
        (self.concerns, self.findings) = (concerns, findings)
    }

    func broken(by file: SourceFile) -> [Finding] { concerns(file) ? findings(file) : [] }

    /// Code that must not say certain words.
    static func silent(
        _ description: String, about words: [String], canary: SourceFile,
        where concerns: @escaping @Sendable (SourceFile) -> Bool
    ) -> Rule {
        Rule(description, canary: canary, where: { $0.isSwift && concerns($0) }) { file in
            file.code.flatMap { number, line in
                words.filter(line.says).map { Finding(path: file.path, line: number, what: "says \($0)") }
            }
        }
    }

    /// Lines of any text file that must not look like this.
    static func lines(
        _ description: String, canary: SourceFile,
        where concerns: @escaping @Sendable (SourceFile) -> Bool = { _ in true },
        bad: @escaping @Sendable (Substring) -> String?
    ) -> Rule {
        Rule(description, canary: canary, where: concerns) { file in
            file.lines.enumerated().compactMap { index, line in
                bad(line).map { Finding(path: file.path, line: index + 1, what: $0) }
            }
        }
    }
}
