import CRM
import Foundation
import Kernel
import Shipped
import Testing

@testable import Application

/// A file of a test, imported as the command line would.
final class ImportHouse: Sendable {
    let house: TestHouse
    let imports: Imports
    private let folder = FileManager.default.temporaryDirectory.appending(path: "daybook-\(UUID().uuidString)").path

    convenience init(zone: String = "UTC") async throws {
        let house = try await TestHouse()
        let organization = Ask.Target.id(house.organization)
        _ = try await house.ask("organization", organization, "edit", ["time_zone": .string(zone)])
        try await self.init(importing: house)
    }
    /// Files for a house that is there.
    init(importing house: TestHouse) async throws {
        self.house = house
        imports = Imports(commands: house.daybook.commands)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var rejects: String { folder + "/file.rejects.csv" }

    func run(
        _ csv: String, _ mapping: String, dryRun: Bool = false, imports: Imports? = nil, role: Role = .owner
    ) async throws -> ImportRun.Summary {
        try Data(csv.utf8).write(to: URL(fileURLWithPath: folder + "/file.csv"))
        return try await run(file: folder + "/file.csv", mapping, dryRun: dryRun, imports: imports, role: role)
    }
    func run(
        file: String, _ mapping: String, dryRun: Bool = false, imports: Imports? = nil, role: Role = .owner
    ) async throws -> ImportRun.Summary {
        let (imports, caller) = (imports ?? self.imports, house.caller(role))
        let run = try ImportRun(path: file, mapping: mapping, rejects: rejects, dryRun: dryRun) { path, body in
            let parts = path.split(separator: "/")
            guard parts.count > 1 else { return try await imports.open(body, by: caller).body }
            let id = try #require(UUID(uuidString: String(parts[1])))
            return try await imports.take(id, body, by: caller).body
        }
        let summary = try await run.run()
        #expect(summary.rows == summary.accepted + summary.unchanged + summary.rejected)
        return summary
    }

    func id(_ entity: String, _ key: String, source: String = "test") async throws -> UUID {
        let commands = house.daybook.commands
        let keys = try await commands.organizationKeys(of: house.organization)
        // By the way that `?external_id=source:id` and `external` in commands take.
        return try commands.targets([Ask(entity, .external(source: source, id: key), "", [:])], keys)[0]
    }
    /// A record's fields; nil where there is none.
    func record<E: Entity>(_: E.Type, _ key: String, source: String = "test") async throws -> Record? {
        let id = try await id(E.name, key, source: source)
        var known = WorkingSet(readAt: .max)
        try await house.daybook.commands.load([Reference(E.self, id)], into: &known, house.organization)
        return (known.streams[id]?.state as? E.State).flatMap { E.record($0) }
    }
    func position() async throws -> Int64 { try await house.head().position }
    func rejected() throws -> [[String]] {
        CSVTests.rows(try String(contentsOfFile: rejects, encoding: .utf8), pieces: 4096)
    }
    static func shipped(_ name: String) throws -> String {
        try #require(Shipped.files(in: "schemas/imports").first { $0.name == name + ".yaml" }?.text)
    }

    static let accounts = """
        mapping: t
        source: test
        records:
          - entity: account
            key: name
            fields:
              name: name
              employee_count: staff
              parent_id: {reference: account, key: parent, missing: POLICY}
        """
    static func accounts(_ policy: String) -> String { accounts.replacing("POLICY", with: policy) }
}
