// MARK: What may code not do?

extension Rule {
    private static let pure: Set<Substring> = ["Kernel", "CRM", "DomainTesting"]
    @Sendable private static func isPure(_ file: SourceFile) -> Bool { file.module.map(pure.contains) ?? false }
    private static func kernel(_ text: String) -> SourceFile { SourceFile("Sources/Kernel/Canary.swift", text) }

    static let code = purity + discipline

    private static let purity: [Rule] = [
        silent(
            "pure targets know no clock",
            about: [
                "Date()", "Date.now", "Date(timeIntervalSinceNow", "ContinuousClock", "SuspendingClock",
                "clock_gettime",
                "gettimeofday", "DispatchTime", "Task.sleep",
            ],
            canary: kernel("let now = Date()"), where: isPure),
        silent(
            "pure targets know no randomness",
            about: [
                "UUID()", ".random(", "SystemRandomNumberGenerator", ".shuffled()", ".shuffle()", ".randomElement()",
                "arc4random", "getrandom",
            ],
            canary: kernel("let id = UUID()"), where: isPure),
        silent(
            "pure targets do no input or output",
            about: [
                "FileManager", "ProcessInfo", "URLSession", "FileHandle", "Data(contentsOf", "String(contentsOf",
                "getenv(",
                "fopen(", "readLine(", "Process(",
            ],
            canary: kernel("let home = ProcessInfo.processInfo.environment"), where: isPure),
    ]

    private static let discipline = wording + [uncheckedNeedsReason, namesSaySomething, shortFunctions]

    private static let wording: [Rule] = [
        Rule(
            "a switch of the domain names every case",
            canary: SourceFile("Sources/CRM/Canary.swift", "switch state {\n    default: break\n}"),
            where: { $0.module == "CRM" }
        ) { file in
            // An argument of that name ends in a comma or a bracket.
            file.code.filter { $0.text.trimmed.hasPrefix("default:") && !",)".contains($0.text.trimmed.last ?? " ") }
                .map { Finding(path: file.path, line: $0.number, what: "a default: hides the cases to come") }
        },
        silent(
            "only command lines print", about: ["print(", "debugPrint(", "dump("], canary: kernel("print(1)"),
            where: { $0.module.map { !["daybook", "bench", "crash"].contains($0) } ?? false }),
        silent(
            "of the API only an Observer writes logs",
            about: ["log", "logger"].flatMap { log in
                ["trace", "debug", "info", "notice", "warning", "error", "critical"].map { "\(log).\($0)(" }
            },
            canary: SourceFile("Sources/API/Canary.swift", "self.logger.info(\"request\")"),
            where: { ["API", "daybook"].contains($0.module) && !$0.name.contains("Observer") }),
    ]

    private static let uncheckedNeedsReason = Rule(
        "what the compiler does not check has its argument beside it",
        canary: kernel("final class Box: @unchecked " + "Sendable {}"), where: \.isSwift
    ) { file in
        file.code.filter { $0.text.says("@unchecked Sendable") || $0.text.says("nonisolated(unsafe)") }
            .filter { number, _ in
                let beside = file.lines[max(0, number - 4)..<number]
                return !beside.contains { $0.contains("//") }
            }
            .map { Finding(path: file.path, line: $0.number, what: "say why it is safe") }
    }

    private static let namesSaySomething = Rule(
        "no name ends in a word that says nothing", canary: kernel("struct DealManager {}"), where: \.isSwift
    ) { file in
        let empty = ["Manager", "Helper", "Helpers", "Util", "Utils"]
        let kinds: Set<Substring> = ["class", "struct", "enum", "actor", "protocol", "typealias"]
        return file.code.compactMap { number, line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            let named = zip(words, words.dropFirst()).first { kinds.contains($0.0) }?.1
            guard let named, empty.contains(where: named.hasSuffix) else { return nil }
            return Finding(path: file.path, line: number, what: "\(named)")
        }
    }

    /// With our format a function ends at the first brace that stands as far in as its first line.
    private static let shortFunctions = Rule(
        "a function has 60 lines at most",
        canary: kernel("func long() {\n" + String(repeating: "    step()\n", count: 60) + "}"),
        where: { $0.isSwift && $0.module != nil }
    ) { file in
        let code = file.code
        return code.indices.compactMap { start in
            let line = code[start].text
            guard line.says("func ") || line.trimmed.hasPrefix("init(") || line.says(" init("), !line.hasSuffix("}")
            else { return nil }
            let end = code[start...].firstIndex {
                $0.text.trimmed.hasPrefix("}") && $0.text.indentation == line.indentation
            }
            let next = code[(start + 1)...].firstIndex {
                $0.text.says("func ") && $0.text.indentation <= line.indentation
            }
            guard let end, next.map({ end < $0 }) ?? true, end - start + 1 > 60 else { return nil }
            return Finding(path: file.path, line: start + 1, what: "\(end - start + 1) lines")
        }
    }
}
