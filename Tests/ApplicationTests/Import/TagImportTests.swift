import CRM
import EventLog
import FoundationEssentials
import Kernel
import Testing

@testable import Application

/// Tags as a column of a file names them.
@Suite struct TagImportTests {
    private static let mapping = """
        mapping: t
        source: test
        records:
          - entity: project
            key: "no"
            fields: {name: name}
            steps:
              - {act: tag, when: {tags: {empty: false}}, with: {tags: tags}}
        """

    @Test func `a tag that was retired is left out and told, and the row is taken with the others`() async throws {
        let house = try await ImportHouse()
        let (rush, gone) = (UUID(), UUID())
        _ = try await house.house.ask("tag", .id(rush), "define", ["name": "Rush"])
        _ = try await house.house.ask("tag", .id(gone), "define", ["name": "Gone"])
        _ = try await house.house.ask("tag", .id(gone), "retire", [:])
        let file = "no,name,tags\n1,Roof,Gone; Rush\n2,Wall,Gone\n3,Door,Rush\n"
        let told = try await house.run(file, Self.mapping)
        #expect(told.accepted == 3 && told.rejected == 0 && told.leftOut == 2, "\(told.json)")
        #expect(try house.rejected().dropFirst().map { $0[2] } == ["import.not_found", "import.not_found"])
        for (key, tags) in [("1", [rush]), ("2", []), ("3", [rush])] {
            let project = try #require(try await house.record(Project.self, key))
            #expect((project["tags"]?.object ?? [:]).keys.map { $0 } == tags.map(\.text))
        }
        let again = try await house.run(file, Self.mapping)
        #expect(again.accepted == 0 && again.events == 0 && again.rejected == 0, "\(again.json)")
    }

    @Test func `where several steps name tags, a row with one that was retired is rejected`() async throws {
        let house = try await ImportHouse()
        let gone = UUID()
        _ = try await house.house.ask("tag", .id(gone), "define", ["name": "Gone"])
        _ = try await house.house.ask("tag", .id(gone), "retire", [:])
        let then = "    then: [{act: tag, with: {tags: tags}}]\n    steps:"
        let told = try await house.run("no,name,tags\n1,Roof,Gone\n", Self.mapping.replacing("    steps:", with: then))
        #expect(told.accepted == 0 && told.rejected == 1, "\(told.json)")
    }
}
