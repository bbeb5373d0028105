import Application
import CRM
import Foundation
import Kernel
import Testing

/// The list of codes is whole: the sources are read for what they give.
@Suite struct RefusalsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// What the sources of these folders say, one text.
    private static func sources(_ folders: String...) throws -> String {
        try folders.flatMap { folder in
            let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            return try (all?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
                .filter { !$0.hasPrefix("Refusals") }
                .map { try String(contentsOf: root.appending(path: "\(folder)/\($0)"), encoding: .utf8) }
        }.joined(separator: "\n")
    }
    private let listed = Refusals.all.groups.flatMap(\.refusals)

    @Test func `every problem that a source gives is listed with its status, and no other is`() throws {
        let text = try Self.sources("Sources/Application", "Sources/API")
        var given: Set<String> = []
        for match in text.matches(of: /Problem\(\s*"([a-z_]+(?:\.[a-z_]+)?)",\s*([0-9]{3})/) {
            given.insert("\(match.1) \(match.2)")
        }
        for match in text.matches(of: /(?:throw |Problem)\.absent\("([a-z_]+)"\)/) {
            given.insert("\(match.1).not_found 404")
        }
        for match in try Self.sources("Sources/CRM").matches(of: /\bClaim\("([a-z_.]+)"/) {
            given.insert("\(match.1)_taken 409")
        }
        for entity in entities { given.formUnion(refusals(of: entity)) }
        let said = Set(listed.compactMap { refusal in refusal.status.map { "\(refusal.code) \($0)" } })
        #expect(given.subtracting(said) == [], "add them to Refusals+general.swift")
        #expect(said.subtracting(given) == [], "nothing gives them any more")
        #expect(given.count > 120)
    }

    @Test func `every flaw of a member and of a row is listed, and no other is`() throws {
        let text = try Self.sources("Sources/Kernel", "Sources/CRM", "Sources/Application", "Sources/API")
        let flaw = #/[Ff]law\((?:[^"\n]*"[^"\n]*", |[^"\n]*, )?"([a-z]+(?:_[a-z]+)*)",/#
        let note = #/note\([a-zA-Z\[][^"\n]*, "([a-z]+(?:_[a-z]+)*)",/#
        var given = Set(text.matches(of: flaw).map { String($0.1) } + text.matches(of: note).map { String($0.1) })
        for match in text.matches(of: /(?:code: |case [a-zA-Z8]+ = |RowFlaw\([^"]*)"((?:import|csv)\.[a-z0-9_]+)"/) {
            given.insert(String(match.1))
        }
        let said = Set(listed.filter { $0.status == nil }.map(\.code))
        #expect(given.subtracting(said) == [], "add them to Refusals+general.swift")
        #expect(said.subtracting(given) == [], "nothing gives them any more")
    }

    @Test func `each code is listed once, with a sentence`() {
        #expect(Set(listed.map(\.code)).count == listed.count)
        for refusal in listed { #expect(refusal.detail.last == "." || refusal.detail.last == "…", "\(refusal.code)") }
    }

    @Test func `the page of the documentation is current`() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/refusals.md"), encoding: .utf8)
        #expect(page == Refusals.all.page, "run tools/daybook refusals > docs/refusals.md")
    }

    private func refusals<E: Entity>(of _: E.Type) -> [String] {
        E.Rejection.allCases.map { refusal in
            let status =
                switch refusal.reason {
                case .conflict: 409
                case .invalid: 422
                case .absent: 404
                }
            return "\(refusal.rawValue) \(status)"
        }
    }
}
