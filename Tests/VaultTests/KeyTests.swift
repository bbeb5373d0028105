import FoundationEssentials
import Logging
import Postgres
import PostgresTesting
import Testing
import Vault

@Suite struct KeyTests {
    private let keys = OrganizationKeys(
        claim: Array(repeating: 1, count: 32), imports: Array(repeating: 2, count: 32))

    private let master = MasterKey(bytes: Array(repeating: 3, count: 32))

    /// They stand in the log for ever: a derivation that changes is a stored format that changes.
    @Test func `what is derived from given keys never changes`() throws {
        let actor = try #require(UUID(uuidString: "01890a5d-ac96-774b-bcce-b302099a8057"))
        #expect(
            keys.claimDigest(scope: "contact.email", value: "ada@example.org")
                == reference(1, ["claim", "contact.email", "ada@example.org"]))
        let imported = keys.importID(source: "crm", entity: "deal", externalID: "7")
        #expect(imported.uuidString.dropFirst(14).first == "8")
        #expect(
            imported == withUUID(reference(2, ["import", "crm", "deal", "7"])))
        #expect(keys.keyDigest(actor: actor, idempotencyKey: "k") != keys.keyDigest(actor: UUID(), idempotencyKey: "k"))
    }
    @Test func `each derivation is its own`() {
        let actor = UUID()
        let digests = [
            keys.claimDigest(scope: "a", value: "b"), keys.claimDigest(scope: "ab", value: ""),
            keys.keyDigest(actor: actor, idempotencyKey: "b"), keys.requestHash(method: "a", path: "b", body: []),
            keys.requestHash(method: "a", path: "", body: Array("b".utf8)),
        ]
        #expect(Set(digests).count == digests.count)
        let ids = [
            keys.commandID(actor: actor, idempotencyKey: "b"), keys.commandID(policy: "b", position: 1, target: actor),
            keys.commandID(policy: "b", position: 2, target: actor),
            keys.importID(source: "a", entity: "b", externalID: ""),
            keys.importID(source: "a", entity: "", externalID: "b"),
        ]
        #expect(Set(ids).count == ids.count)
    }
    @Test func `keys are made once, also when several make them`() async throws {
        let database = try await TestCluster.shared.database()
        let connections = (0..<4).map { _ in connection(database, "daybook_worker") }
        let organization = UUID()
        let digests = try await withThrowingTaskGroup(of: [UInt8].self, returning: Set<[UInt8]>.self) { group in
            for connection in connections {
                group.addTask {
                    let keys = try await Keyring(connection, master: master).create(organization)
                    return keys.claimDigest(scope: "s", value: "v")
                }
            }
            var all: Set<[UInt8]> = []
            for try await digest in group { all.insert(digest) }
            return all
        }
        #expect(digests.count == 1)
        let read = try await Keyring(connections[0], master: master).keys(organization)
        #expect(read.map { [$0.claimDigest(scope: "s", value: "v")] } == Array(digests))
        #expect(try await Keyring(connections[0], master: master).keys(UUID()) == nil)
        for connection in connections { await connection.close() }
    }
    @Test(arguments: ["daybook_app", "daybook_auditor"])
    func `who answers requests cannot read the keys`(role: String) async throws {
        let database = try await TestCluster.shared.database()
        let connection = connection(database, role)
        await #expect {
            try await connection.query(Statement("SELECT count(*) FROM vault.organization_key"))
        } throws: { ($0 as? PostgresError)?.kind == .insufficientPrivilege }
        await connection.close()
    }
    @Test func `keys are never changed or taken away`() async throws {
        let database = try await TestCluster.shared.database()
        let connection = connection(database, "daybook_worker")
        for sql in [
            "DELETE FROM vault.organization_key", "UPDATE vault.organization_key SET claim_key = import_key",
            "DELETE FROM vault.signing_key", "UPDATE vault.signing_key SET wrapped = ''",
        ] {
            await #expect {
                try await connection.query(Statement(sql))
            } throws: { ($0 as? PostgresError)?.kind == .insufficientPrivilege }
        }
        await connection.close()
    }

    @Test func `a signing key is read back only by its master, and only as its organization's`() async throws {
        let database = try await TestCluster.shared.database()
        let connection = connection(database, "daybook_worker")
        let (master, other) = (
            MasterKey(bytes: Array(repeating: 1, count: 32)), MasterKey(bytes: Array(repeating: 2, count: 32))
        )
        let (organization, stranger) = (UUID(), UUID())
        let made = try await SigningKeys(connection, master: master).create(organization)
        let wanted = [organization: made.publicKey]
        #expect(try await SigningKeys(connection, master: master).keys(wanted)[organization]?.seed == made.seed)
        #expect(try await SigningKeys(connection, master: other).keys(wanted).isEmpty)
        _ = try await connection.query(
            Statement("INSERT INTO vault.signing_key SELECT $1, public_key, wrapped FROM vault.signing_key") {
                $0.uuid(stranger)
            })
        #expect(try await SigningKeys(connection, master: master).keys([stranger: made.publicKey]).isEmpty)
        let absent = try await SigningKeys(connection, master: master).keys([
            organization: Array(repeating: 0, count: 32)
        ])
        #expect(absent.isEmpty)
        await connection.close()
    }

    private func connection(_ database: TestDatabase, _ role: String) -> PipelinedConnection {
        PipelinedConnection(
            database.settings(role: role), name: "test", log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
    /// The derivation, written a second time.
    private func reference(_ key: UInt8, _ parts: [String]) -> [UInt8] {
        let message = parts.flatMap { part -> [UInt8] in [0, 0, 0, UInt8(part.utf8.count)] + Array(part.utf8) }
        return HMAC.code(message, key: Array(repeating: key, count: 32))
    }
    private func withUUID(_ digest: [UInt8]) -> UUID {
        var bytes = Array(digest.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
