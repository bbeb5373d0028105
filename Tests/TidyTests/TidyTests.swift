import Foundation
import Testing

@Suite struct TidyTests {
    static let rules = Rule.code + Rule.text + Rule.sql

    @Test(arguments: rules) func `the tree keeps the rule`(rule: Rule) {
        let findings = Tree.files.flatMap(rule.broken(by:))
        #expect(findings.isEmpty, "\(rule): \(findings.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: rules) func `the rule sees its canary`(rule: Rule) {
        #expect(!rule.broken(by: rule.canary).isEmpty, "\(rule): its canary passes")
    }

    @Test func `the tree is found`() {
        #expect(Tree.files.contains { $0.path == "Package.swift" })
        #expect(Tree.swift.count > 40)
    }

    @Test func `every statement with a file of its own is used`() {
        #expect(House.unusedStatements(in: Tree.files) == [])
        let canary = [
            SourceFile("Sources/EventLog/read_all.sql", "SELECT 1\n"), SourceFile("Sources/EventLog/A.swift", ""),
        ]
        #expect(House.unusedStatements(in: canary) == ["Sources/EventLog/read_all.sql"])
    }

    @Test func `arrows between layers point one way`() throws {
        let package = try #require(Tree.files.first { $0.path == "Package.swift" }).text
        #expect(House.forbiddenImports(in: Tree.files, package: package) == [])
        let canary = [SourceFile("Sources/CRM/Canary.swift", "import Postgres\n")]
        #expect(House.forbiddenImports(in: canary, package: package).count == 1)
    }

    @Test func `migrations have numbers of their own and names`() {
        let names = Tree.files.filter { $0.path.hasPrefix("schemas/log/") }.map(\.name)
        #expect(!names.isEmpty)
        #expect(
            names.allSatisfy {
                $0.hasSuffix(".sql") && $0.prefix(3).allSatisfy(\.isNumber) && $0.dropFirst(3).first == "_"
            })
        #expect(Set(names.map { $0.prefix(3) }).count == names.count)
    }
}
