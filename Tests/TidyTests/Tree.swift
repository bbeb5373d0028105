import Foundation

/// A text file of the project.
struct SourceFile: Sendable {
    /// From the root: "Sources/Kernel/Day.swift".
    let path: String
    let text: String
    let lines: [Substring]
    /// The lines of code with their numbers: without comments, and without what stands in quotation marks.
    let code: [(number: Int, text: String)]

    init(_ path: String, _ text: String) {
        (self.path, self.text) = (path, text)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = path.hasSuffix(".swift") ? Self.code(of: lines) : []
    }

    var name: Substring { path.split(separator: "/").last ?? "" }
    var isSwift: Bool { path.hasSuffix(".swift") }
    /// "Kernel" of "Sources/Kernel/Day.swift".
    var module: Substring? { path.hasPrefix("Sources/") ? path.split(separator: "/").dropFirst().first : nil }

    private static func code(of lines: [Substring]) -> [(number: Int, text: String)] {
        var inText = false
        return lines.enumerated().map { index, line in
            let fences = line.ranges(of: "\"\"\"").count
            defer { if fences % 2 == 1 { inText.toggle() } }
            return (index + 1, inText || fences > 0 ? "" : bare(line))
        }
    }

    private static func bare(_ line: Substring) -> String {
        var (kept, quoted, last): (String, Bool, Character) = ("", false, " ")
        for character in line {
            if character == "\"" && last != "\\" { quoted.toggle() }
            if !quoted && character == "/" && last == "/" { return String(kept.dropLast()) }
            if !quoted || character == "\"" { kept.append(character) }
            last = last == "\\" ? " " : character
        }
        return kept
    }
}

/// The project's tree, found from where this file lies.
enum Tree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All text files that belong to the project, in order of path.
    static let files: [SourceFile] = {
        let folders = ["Sources", "Tests", "tools", "schemas", "projections", "demo", "mail", "docs", ".ci"]
        let alone = ["Package.swift", "README.md", "CHANGELOG.md", ".gitignore", ".swift-format"]
        let paths = alone + folders.flatMap(paths(under:))
        return paths.sorted().compactMap { path in
            let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
            return text.map { SourceFile(path, $0) }
        }
    }()

    static var swift: [SourceFile] { files.filter(\.isSwift) }

    private static func paths(under folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
        return (all?.compactMap { $0 as? String } ?? []).map { "\(folder)/\($0)" }
    }
}

extension StringProtocol {
    /// Whether `word` stands here and is not the end of a longer name: "print(" is not in "fingerprint(".
    func says(_ word: String) -> Bool {
        ranges(of: word).contains { range in
            guard let first = word.first, first.isLetter, range.lowerBound > startIndex else { return true }
            let before = self[index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }

    var indentation: Int { prefix { $0 == " " }.count }
    var trimmed: Substring { Substring(self).drop { $0 == " " } }
}
