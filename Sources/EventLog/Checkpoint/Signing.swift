import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization
import Vault

/// How heads are signed: read with the key that their logs say is in force, signed, kept.
final class Signing: Sendable {
    /// How many logs' heads are signed in one round trip each way.
    private static let atOnce = 500

    /// What is known of an organization's own stream.
    private struct Known {
        var version: Int32 = 0
        var keys = KeyHistory()
    }
    /// A head that is about to be signed, and the key in force there.
    private struct Pending {
        let organization: UUID
        let size: Int64
        let root: [UInt8]
        let key: VerifierKey
    }
    private let known = Mutex<[UUID: Known]>([:])
    /// Of these logs it was told that their key is not here.
    private let keyless = Mutex<Set<UUID>>([])
    private let connection: PipelinedConnection
    private let keys: SigningKeys
    private let clock: @Sendable () -> Instant
    private let log: Logger

    init(connection: PipelinedConnection, keys: SigningKeys, clock: @escaping @Sendable () -> Instant, log: Logger) {
        (self.connection, self.keys, self.clock, self.log) = (connection, keys, clock, log)
    }

    /// The logs that go beyond what was signed.
    func unsigned() async throws(PostgresError) -> [UUID] {
        var organizations: [UUID] = []
        for row in try await connection.query(Statement(SQL.unsignedHeads)) { organizations.append(try row.uuid(0)) }
        return organizations
    }

    /// Signs the heads of these logs as they are now.
    func sign(_ organizations: [UUID]) async throws(PostgresError) {
        for start in stride(from: 0, to: organizations.count, by: Self.atOnce) {
            let some = Array(organizations[start..<min(start + Self.atOnce, organizations.count)])
            do throws(PostgresError) {
                try await keep(try await pending(some))
            } catch {
                guard error.kind == .unexpectedResult else { throw error }
                // One of them is damaged, and is not the others' affair.
                for organization in some { try await signAlone(organization) }
            }
        }
    }

    private func signAlone(_ organization: UUID) async throws(PostgresError) {
        do throws(PostgresError) {
            try await keep(try await pending([organization]))
        } catch {
            guard error.kind == .unexpectedResult else { throw error }
            log.error(
                "a log lacks hashes of its tree, so that its head is not signed; `daybook audit verify` says where",
                metadata: ["organization": "\(organization.text)"])
        }
    }

    // MARK: - Which heads, by which keys?

    private func pending(_ organizations: [UUID]) async throws(PostgresError) -> [Pending] {
        let seen = known.withLock { known in organizations.map { known[$0]?.version ?? 0 } }
        // The heads first: events that name keys may then be newer than them, and are not in force there.
        let results = try await connection.run([
            .tips(of: organizations),
            Statement(SQL.keyNews) {
                $0.uuids(organizations)
                $0.ints(seen)
            },
        ])
        try learn(results[1])
        let tips = try results[0].tips()
        return known.withLock { known in
            tips.compactMap { organization, tip in
                guard tip.head.position > 0, let key = known[organization]?.keys.inForce(at: tip.head.position)
                else { return nil }
                return Pending(
                    organization: organization, size: tip.head.position, root: tip.frontier.root, key: key)
            }
        }
    }

    private func learn(_ news: Result) throws(PostgresError) {
        for row in news {
            let organization = try row.uuid(0)
            let (version, position) = (try row.int(1), try row.bigint(2))
            let (type, data) = (try row.text(3), try row.bytea(orNil: 4))
            known.withLock { known in
                // Another round may have been faster.
                guard version > known[organization]?.version ?? 0 else { return }
                if let data { known[organization, default: Known()].keys.take(type: type, data: data, at: position) }
                known[organization, default: Known()].version = version
            }
        }
    }

    // MARK: - What is kept?

    private func keep(_ heads: [Pending]) async throws(PostgresError) {
        let wanted = Dictionary(uniqueKeysWithValues: heads.map { ($0.organization, $0.key.publicKey) })
        let keys = try await keys.keys(wanted)
        tell(of: heads.map(\.organization).filter { keys[$0] == nil })
        let signed = heads.compactMap { head in
            keys[head.organization].map { key in
                let checkpoint = Checkpoint(origin: head.key.name, size: head.size, root: head.root)
                return (head: head, note: checkpoint.signed(with: key).text)
            }
        }
        if signed.isEmpty { return }
        let now = clock().microseconds
        _ = try await connection.query(
            Statement(SQL.keepHeads) {
                $0.uuids(signed.map(\.head.organization))
                $0.bigints(signed.map(\.head.size))
                $0.byteas(signed.map(\.head.root))
                $0.texts(signed.map(\.note))
                $0.timestamptzs(signed.map { _ in now })
            })
    }

    private func tell(of organizations: [UUID]) {
        for organization in organizations where keyless.withLock({ $0.insert(organization).inserted }) {
            log.warning(
                "a log's signing key is not here: its heads stay unsigned until `daybook audit rotate-key`",
                metadata: ["organization": "\(organization.text)"])
        }
    }
}
