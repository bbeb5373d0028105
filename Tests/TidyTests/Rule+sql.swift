import Foundation

// MARK: Where does SQL stand?

extension Rule {
    static let sql: [Rule] = [
        Rule(
            "SQL longer than a line has a file of its own",
            canary: SourceFile("Sources/API/Canary.swift", "let sql = \"\"\"\n    SELECT 1\n    FROM t\n    \"\"\""),
            where: { $0.isSwift && $0.module != nil }
        ) { file in
            statements(of: file).filter { $0.count > 1 && $0.contains { opensStatement($0.text) } }
                // What is put together at run time has no file to stand in.
                .filter { !$0.contains { $0.text.contains("\\(") } }
                .map { Finding(path: file.path, line: $0[0].line, what: "move it to a .sql file") }
        }
    ]

    /// The texts of a file that go over several lines: between threefold quotation marks, or joined by `+`.
    private static func statements(of file: SourceFile) -> [[(line: Int, text: Substring)]] {
        var (all, open): ([[(line: Int, text: Substring)]], [(line: Int, text: Substring)]) = ([], [])
        var isBlock = false
        for (index, line) in file.lines.enumerated() {
            let fences = line.ranges(of: "\"\"\"").count % 2 == 1
            let joined =
                line.trimmed.hasPrefix("+ \"")
                || file.lines.dropFirst(index + 1).first?.trimmed.hasPrefix("+ \"") ?? false
            if isBlock && !fences {
                open.append((index + 1, line.trimmed))
            } else if joined && !fences {
                open += quotes(line).map { (index + 1, $0) }
            } else if !open.isEmpty {
                all.append(open)
                open = []
            }
            if fences { isBlock.toggle() }
        }
        return all
    }

    /// "SELECT …", "insert into …": the first words of a statement.
    private static func opensStatement(_ text: Substring) -> Bool {
        let words = text.lowercased().split(separator: " ").prefix(2)
        let openings = [
            "select", "insert into", "update", "delete from", "create", "alter", "with", "grant", "truncate",
        ]
        return words.count == 2
            && openings.contains { opening in
                opening.contains(" ") ? words.joined(separator: " ") == opening : words[0] == opening
            }
    }

    private static func quotes(_ line: Substring) -> [Substring] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(
            \.element)
    }
}

/// What holds of several files together.
enum House {
    /// The `.sql` files of a module that none of its Swift files names.
    static func unusedStatements(in files: [SourceFile]) -> [String] {
        let swift = Dictionary(grouping: files.filter(\.isSwift), by: \.module)
        return files.filter { $0.path.hasSuffix(".sql") && $0.module != nil }.map(\.path).filter { path in
            let file = SourceFile(path, "")
            let words = file.name.dropLast(4).split(separator: "_")
            let constant = words.dropFirst().reduce("SQL." + words[0]) {
                $0 + $1.prefix(1).uppercased() + $1.dropFirst()
            }
            return !(swift[file.module] ?? []).contains { $0.text.contains(constant) }
        }
    }

    /// Modules of ours that a file imports although its target may not reach them, by `Package.swift`.
    static func forbiddenImports(in files: [SourceFile], package: String) -> [String] {
        let direct = dependencies(package)
        return files.filter { $0.isSwift && $0.module != nil }.flatMap { file in
            let own = String(file.module ?? "")
            guard direct[own] != nil else { return [String]() }
            let reached = closure(of: own, in: direct)
            return file.code.compactMap { number, line in
                guard let imported = line.split(separator: " ").drop(while: { $0 != "import" }).dropFirst().first,
                    direct[String(imported)] != nil, !reached.contains(String(imported))
                else { return nil }
                return "\(file.path):\(number): \(own) may not import \(imported)"
            }
        }
    }

    /// `layer("A", ["B", …])` of the manifest, by name.
    private static func dependencies(_ package: String) -> [String: [String]] {
        package.split(separator: "\n").reduce(into: [:]) { found, line in
            let words = line.split(separator: "\"", omittingEmptySubsequences: false)
            guard line.trimmed.hasPrefix("layer(\""), words.count > 1 else { return }
            found[String(words[1])] = words.indices.filter { $0 > 1 && $0 % 2 == 1 }.map { String(words[$0]) }
        }
    }

    private static func closure(of name: String, in direct: [String: [String]]) -> Set<String> {
        (direct[name] ?? []).reduce(into: [name]) { $0.formUnion(closure(of: $1, in: direct)) }
    }
}
