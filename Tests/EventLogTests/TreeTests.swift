import EventLog
import FoundationEssentials
import Postgres
import PostgresTesting
import Testing
import Vault

/// What an append writes beside the events: the tree over them, and the keys of what begins.
@Suite struct TreeTests {
    @Test func `an appender that begins anew goes on with the same tree`() async throws {
        let world = try await World()
        let organization = id()
        for _ in 1...17 {  // each length up to beyond a power of two is read back once
            let appender = world.appender()
            _ = try await appender.append(opening(organization))
            await appender.close()
        }
        try await world.expectWhole(organization, events: 17)
    }

    @Test func `a log that lacks hashes of its tree takes nothing more`() async throws {
        let world = try await World()
        let organization = id()
        let forger = PipelinedConnection(world.database.settings(role: "daybook_worker"), name: "test", log: quiet)
        _ = try await forger.run([Statement(forged(organization, 1)), Statement(forged(organization, 2))])
        await forger.close()
        let appender = world.appender()
        await #expect(throws: AppendError.self) { try await appender.append(opening(organization)) }
        // Others are not concerned.
        _ = try await appender.append(opening(id()))
        await appender.close()
    }

    @Test func `a key is born with the first event of its stream, or not at all`() async throws {
        let world = try await World()
        let appender = world.appender()
        let (organization, stream, other) = (id(), id(), id())
        var unit = opening(organization, stream)
        unit.keys = [WrappedKey(person: stream, bytes: [1, 2, 3])]
        _ = try await appender.append(unit)
        // A second first event of the stream: the unit is refused, and its key with it.
        unit.keys = [WrappedKey(person: stream, bytes: [9])]
        let refused = await failure { _ = try await appender.append(unit) }
        if case .moved([stream])? = refused {} else { Issue.record("\(String(describing: refused))") }
        var late = opening(organization, other)
        late.expected[other] = 1
        late.drafts[0].version = 2
        late.keys = [WrappedKey(person: other, bytes: [1])]
        await #expect(throws: AppendError.self) { try await appender.append(late) }
        await appender.close()
        let worker = PipelinedConnection(world.database.settings(role: "daybook_worker"), name: "test", log: quiet)
        let keys = try await worker.query(Statement("SELECT person_id, wrapped FROM vault.person_key"))
        #expect(try keys.map { try $0.uuid(0) } == [stream])
        #expect(try keys[0].bytea(1) == [1, 2, 3])
        await worker.close()
    }

    @Test(arguments: ["daybook_app", "daybook_auditor"])
    func `who answers requests has no key`(role: String) async throws {
        let world = try await World()
        let connection = PipelinedConnection(world.database.settings(role: role), name: "test", log: quiet)
        for table in ["vault.person_key", "vault.organization_key"] {
            await #expect(throws: PostgresError.self) { try await connection.query(Statement("SELECT FROM \(table)")) }
        }
        await connection.close()
    }
}
