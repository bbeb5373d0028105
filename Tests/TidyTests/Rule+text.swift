import Foundation

// MARK: How does text look?

extension Rule {
    static let text: [Rule] = [
        Rule(
            "a source file has 400 lines at most",
            canary: SourceFile("Sources/API/Canary.swift", String(repeating: "\n", count: 401)), where: \.isSwift
        ) { file in
            let count = file.lines.count - 1  // the last line feed ends a line and begins none
            return count <= 400 ? [] : [Finding(path: file.path, line: count, what: "\(count) lines")]
        },
        lines(
            "a line has 120 columns at most",
            canary: SourceFile("Sources/API/Canary.swift", String(repeating: "x", count: 121)),
            where: { $0.path.hasPrefix("Sources/") || $0.path.hasSuffix(".sql") || $0.path.hasPrefix("tools/") }
        ) { $0.utf8.count > 120 && $0.count > 120 ? "\($0.count) columns" : nil },
        lines("no tabs and no blanks at the end", canary: SourceFile("docs/canary.md", "word \nnext")) { line in
            line.last == " "
                ? "a blank at the end" : line.contains("\t") ? "a tab" : line.contains("\r") ? "a return" : nil
        },
        Rule("a file ends with one line feed", canary: SourceFile("docs/canary.md", "word"), where: { _ in true }) {
            file in
            file.text.isEmpty || (file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"))
                ? [] : [Finding(path: file.path, line: file.lines.count, what: "ends otherwise")]
        },
        lines("nothing is left to be done later", canary: SourceFile("tools/canary", "# \("TO")DO: later")) { line in
            // Put together, so that this file may say them.
            ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"].first { line.says($0) }
        },
        lines("nothing belongs to one machine", canary: SourceFile("docs/canary.md", "see /ro" + "ot/notes")) { line in
            ["/wor" + "k/", "/ho" + "me/", "/ro" + "ot/", "/Use" + "rs/"].first { line.contains($0) }
        },
        lines(
            "no header that the repository already tells",
            canary: SourceFile("Sources/API/Canary.swift", "//  Copyright 2026"), where: \.isSwift
        ) { line in
            ["//  Created by", "// Copyright", "//  Copyright"].first { line.hasPrefix($0) }
        },
        Rule(
            "a page links to files that exist", canary: SourceFile("docs/canary.md", "[here](nowhere.md)"),
            where: { $0.path.hasSuffix(".md") }
        ) { file in
            let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
            return file.lines.enumerated().flatMap { index, line in
                links(in: line).filter { !exists($0, from: folder) }
                    .map { Finding(path: file.path, line: index + 1, what: "no \($0)") }
            }
        },
    ]

    private static func links(in line: Substring) -> [Substring] {
        line.ranges(of: "](").compactMap { range in
            let target = line[range.upperBound...].prefix { $0 != ")" && $0 != "#" }
            return target.isEmpty || target.contains(":") ? nil : target
        }
    }

    private static func exists(_ link: Substring, from folder: String) -> Bool {
        let target = Tree.root.appending(path: folder).appending(path: String(link)).standardizedFileURL
        return (try? target.checkResourceIsReachable()) ?? false
    }
}
