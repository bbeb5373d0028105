import Foundation
import Testing

@Suite(.serialized) struct ImportVerbTests {
    static let mapping = """
        mapping: staff
        source: test
        records:
          - {entity: account, key: name, fields: {name: name, employee_count: staff}}
        """

    @Test(.timeLimit(.minutes(2)))
    func `an import starts a server where none runs, and writes down what it rejects`() async throws {
        let house = try House()
        let (file, map) = (house.folder + "-rows.csv", house.folder + "-map.yaml")
        defer { for path in [file, map, house.folder + "-rows.rejects.csv"] { unlink(path) } }
        try Data("name,staff\nAcme,5\nInitech,few\n".utf8).write(to: URL(fileURLWithPath: file))
        try Data(Self.mapping.utf8).write(to: URL(fileURLWithPath: map))
        func run(_ more: String...) async throws -> Program.Outcome {
            try await house.run(["import", file, "--map", map, "--format", "json"] + more)
        }
        let dry = try await run("--dry-run")
        #expect(dry.code == 2, "\(dry.talk)")
        #expect(dry.object["accepted"] as? Int == 1)
        let first = try await run()
        #expect(first.code == 2)
        #expect(first.object["accepted"] as? Int == 1, "the dry run has written nothing")
        let rejects = try #require(first.object["reject_file"] as? String)
        let lines = try String(contentsOfFile: rejects, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("3,staff,import.not_an_integer,"))
        #expect(lines[1].hasSuffix(",Initech,few"))
        try Data("name,staff\nAcme,5\n".utf8).write(to: URL(fileURLWithPath: file))
        let again = try await run()
        #expect(again.code == 0)
        #expect(again.object["unchanged"] as? Int == 1)
        #expect(again.object["events"] as? Int == 0)
    }

    @Test func `a mapping or a file that is not there is told before anything else is done`() async throws {
        let house = try House()
        let none = try await house.run(["import", "/no/such.csv", "--map", "maven-accounts"])
        #expect(none.code == 1)
        #expect(none.talk.contains("There is no file /no/such.csv"), "\(none.talk)")
        let unknown = try await house.run(["import", "/dev/null", "--map", "maven-acounts"])
        #expect(unknown.code == 1)
        #expect(unknown.talk.contains("maven-accounts"), "\(unknown.talk)")
        #expect(!FileManager.default.fileExists(atPath: house.folder + "/postgres"))
    }
}
