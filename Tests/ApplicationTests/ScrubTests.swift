import CRM
import EventLog
import Foundation
import Glibc
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing
import Vault

@testable import Application

/// After erasing and scrubbing, no file of the cluster holds anything of a person: a search for bytes.
@Suite struct ScrubTests {
    private static let mark = "qzxvk"
    /// What files may not hold: as UTF-8, as UTF-16 (without its last byte, so that either order is found), and as JSON
    /// escapes it.
    private static let forms: [[UInt8]] =
        [mark, "302107391846", "302108264917", "qz\u{EB}xvk"].flatMap { text in
            [Array(text.utf8), text.utf16.flatMap { [UInt8($0), 0] }.dropLast()]
        } + [#"qz\u00ebxvk"#, #"qz\u00EBxvk"#].map { Array($0.utf8) }
    private static let contact: JSON = [
        "first_name": "Ann qzxvk", "last_name": "qz\u{EB}xvk", "title": "Chief qzxvk", "department": "D qzxvk",
        "phone": "+302107391846", "mobile": "+302108264917", "website": "https://qzxvk.example",
        "email": "qzxvk@example.org", "social_profiles": ["forum": "https://forum.example/qzxvk"],
        "preferences": ["drink": "tea qzxvk"], "description": "Says of herself: qzxvk, \"qz\u{EB}xvk\".",
        "custom": ["shoe": "Shoe qzxvk"],
    ]

    private static func isMarked(_ bytes: UnsafeRawBufferPointer) -> Bool {
        forms.contains { form in
            var rest = bytes
            while let start = rest.baseAddress, rest.count >= form.count,
                let found = memchr(start, Int32(form[0]), rest.count - form.count + 1)
            {
                if memcmp(found, form, form.count) == 0 { return true }
                rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - start + 1)...])
            }
            return false
        }
    }

    /// The files below a folder that hold one of the forms. Sockets and what goes meanwhile are passed over.
    private func marked(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            let bytes = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"), options: .alwaysMapped)
            return bytes?.withUnsafeBytes(Self.isMarked) ?? false
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `after erasing and scrubbing, no file of the cluster holds anything of a person`() async throws {
        let cluster = TestCluster(fsync: true)
        let house = try await TestHouse(projecting: .init(), in: cluster)
        var persons: [UUID] = []
        let admin = BlockingPool(house.database.superuser, size: 1, name: "test", log: quiet)
        try await house.projecting {
            persons = try await fill(house)
            // A checkpoint may take what the WAL holds by now away, and writes what the tables hold.
            let written = marked(cluster.server.folder)
            try await house.daybook.models.rebuild()
            try await admin.run { connection in
                for sql in ["ANALYZE", "CHECKPOINT"] { try connection.execute(sql) }
            }
            let before = marked(cluster.server.folder)
            // Else the search would prove nothing.
            #expect(before.contains { $0.contains("/base/") } && written.contains { $0.contains("/pg_wal/") })
            #expect(!before.contains { $0 == "log" || $0.contains("/log/") }, "\(before)")
            for person in persons { try await erase(person, house, admin) }
            _ = try await house.daybook.queries.list("contact", [], by: house.owner, min: try await house.head())
        }
        let report = try await Scrub.run(house.database.superuser, log: quiet)
        #expect(report.findings == [])
        #expect(report.tables.contains("read.contacts") && report.tables.contains("vault.person_key"))
        #expect(marked(cluster.server.folder) == [])
        for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        try await house.daybook.models.rebuild()
        #expect(marked(cluster.server.folder) == [])
        await admin.close()
        await house.daybook.close()
        await cluster.stop()
    }

    @Test func `what scrubbing cannot do, it says`() async throws {
        let cluster = TestCluster()
        let house = try await TestHouse(projecting: .init(), in: cluster)
        let admin = BlockingPool(house.database.superuser, size: 1, name: "test", log: quiet)
        try await admin.run {
            try $0.execute("CREATE TABLE read.contacts__new (x text)")
            try $0.execute("SELECT pg_create_physical_replication_slot('kept', true)")
        }
        let kept = try await Scrub.run(house.database.superuser, log: quiet)
        #expect(kept.findings.map(\.kind) == [.log])
        let left = try await admin.run { connection in
            try connection.execute("SELECT pg_drop_replication_slot('kept')")
            return try connection.query(Statement("SELECT to_regclass('read.contacts__new') IS NULL"))[0].bool(0)
        }
        #expect(left)
        // Who is no superuser rewrites the tables, and may not turn the log over.
        let login = try await Scrub.run(house.database.settings(), log: quiet)
        #expect(login.findings.map(\.kind) == [.log])
        #expect(login.tables.contains("read.contacts") && login.tables.contains("pg_catalog.pg_statistic"))
        await admin.close()
        await house.daybook.close()
        await cluster.stop()
    }

    /// A contact and a member, marked in everything that is personal, by the commands that people use.
    private func fill(_ house: TestHouse) async throws -> [UUID] {
        let field: JSON = ["entity": "contact", "key": "shoe", "label": "Shoe", "type": "text"]
        _ = try await house.ask("field_set", .id(FieldSet.id(of: "contact")), "define", field)
        let body: JSON = [
            "name": "Mem qzxvk", "email": "mem-qzxvk@example.org", "role": "owner", "phone": "+302107391846",
        ]
        let member = try await house.ask("member", .new, "add", body).results[0].id
        _ = try await house.daybook.access.setPassword("pass-qzxvk-word", of: member, by: house.owner)
        _ = try await house.daybook.access.login(email: "mem-qzxvk@example.org", password: "pass-qzxvk-word")
        let caller = Caller(
            organization: house.organization, actor: member, kind: .member, role: .owner, channel: .api,
            request: "test", origin: Caller.Origin(address: "203.0.113.7", agent: "Agent-qzxvk/1.0"))
        let contact = try await house.daybook.commands.execute(
            [Ask("contact", .new, "create", Self.contact)], by: caller, key: "qzxvk"
        ).results[0].id
        for n in 0..<5 {
            let edit = Ask("contact", .id(contact), "edit", ["title": .string("Chief \(n) qzxvk")])
            _ = try await house.daybook.commands.execute([edit], by: caller)
        }
        let head = try await house.head()
        let parameters = [Parameter("sort", "last_name"), Parameter("total", "exact")]
        _ = try await house.daybook.queries.list("contact", parameters, by: house.owner, min: head)
        _ = try await house.daybook.queries.history("contact", contact, [], by: house.owner)
        return [contact, member]
    }

    /// What erasing comes to beneath: the event, the key, the login.
    private func erase(_ person: UUID, _ house: TestHouse, _ admin: BlockingPool) async throws {
        let organization = house.organization
        let version = try await house.daybook.reader.stream(organization, person, after: 0, limit: 100).count
        let draft = Draft(
            stream: person, version: Int32(version + 1), type: Erasure.type, schema: 1, data: Array("{}".utf8),
            actor: house.founding.owner, command: house.fresh(), index: 0)
        _ = try await house.daybook.appender.append(
            Unit(
                organization: organization, drafts: [draft], expected: [person: Int32(version)],
                readAt: try await house.head().position))
        try await house.daybook.persons.destroy(organization, person)
        _ = try await admin.run { connection in
            try connection.query(
                Statement("DELETE FROM access.credential WHERE member_id = $1") { $0.uuid(person) })
        }
    }
}
