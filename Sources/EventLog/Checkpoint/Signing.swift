import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization
import Vault

/// How heads are signed: read with the key that their logs say is in force, compared with what was signed before,
/// signed, kept.
final class Signing: Sendable {
    /// How many logs' heads are signed in two round trips each way.
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
        /// The head before it; nil for a log's first.
        let continuation: Continuation?
    }
    private let known = Mutex<[UUID: Known]>([:])
    /// The size of the head that this process signed last, of each log: should it be gone, somebody took it away.
    private let signed = Mutex<[UUID: Int64]>([:])
    /// Of these logs it was told that their key is not here.
    private let keyless = Mutex<Set<UUID>>([])
    /// Logs whose heads are not signed, and why.
    private let refusals = Mutex<[UUID: SigningRefusal]>([:])
    private let connection: PipelinedConnection
    private let keys: SigningKeys
    private let clock: @Sendable () -> Instant
    private let log: Logger

    init(connection: PipelinedConnection, keys: SigningKeys, clock: @escaping @Sendable () -> Instant, log: Logger) {
        (self.connection, self.keys, self.clock, self.log) = (connection, keys, clock, log)
    }

    /// Of how many logs the head is not signed, because it does not continue what was.
    var refused: Int { refusals.withLock(\.count) }

    /// The logs that do not end with what was signed.
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
                try await signTogether(some)
            } catch {
                guard error.kind == .unexpectedResult else { throw error }
                // One of them is damaged, and is not the others' affair.
                for organization in some { try await signAlone(organization) }
            }
        }
    }

    private func signTogether(_ organizations: [UUID]) async throws(PostgresError) {
        try await keep(try await continuing(try await pending(organizations)))
    }

    private func signAlone(_ organization: UUID) async throws(PostgresError) {
        do throws(PostgresError) {
            try await signTogether([organization])
        } catch {
            guard error.kind == .unexpectedResult else { throw error }
            refuse(organization, .damaged)
        }
    }

    // MARK: - Which heads, by which keys?

    private func pending(_ organizations: [UUID]) async throws(PostgresError) -> [Pending] {
        let seen = known.withLock { known in organizations.map { known[$0]?.version ?? 0 } }
        // As it is before it is read: another round may keep a head meanwhile.
        let kept = signed.withLock { signed in
            Dictionary(organizations.map { ($0, signed[$0] ?? 0) }) { known, _ in known }
        }
        // What was signed first, so that no log is shorter than it; then the heads: events that name keys may be newer
        // than them, and are not in force there.
        let results = try await connection.run([
            Statement(SQL.lastHeads) { $0.uuids(organizations) },
            .tips(of: organizations),
            Statement(SQL.keyNews) {
                $0.uuids(organizations)
                $0.ints(seen)
            },
        ])
        try learn(results[2])
        var last: [UUID: (size: Int64, note: String)] = [:]
        for row in results[0] { last[try row.uuid(0)] = (try row.bigint(1), try row.text(2)) }
        return try results[1].tips().compactMap { organization, tip in
            pending(organization, tip, last: last[organization], kept: kept[organization] ?? 0)
        }
    }

    private func pending(
        _ organization: UUID, _ tip: Tip, last: (size: Int64, note: String)?, kept: Int64
    ) -> Pending? {
        let size = tip.head.position
        let keys = known.withLock { $0[organization]?.keys } ?? KeyHistory()
        guard size > 0, let key = keys.inForce(at: size) else { return nil }
        do throws(SigningRefusal) {
            guard last?.size ?? 0 >= kept else { throw .headMissing }
            var continuation: Continuation?
            if let last { continuation = try Continuation(of: last, to: size, key: keys.inForce(at: last.size)) }
            return Pending(
                organization: organization, size: size, root: tip.frontier.root, key: key, continuation: continuation)
        } catch {
            refuse(organization, error)
            return nil
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

    // MARK: - Is what was signed still true?

    /// Those heads that continue what was signed before and go beyond it.
    private func continuing(_ heads: [Pending]) async throws(PostgresError) -> [Pending] {
        let nodes = heads.flatMap { head in
            (head.continuation?.plan.nodes ?? []).map { (organization: head.organization, node: $0) }
        }
        var hashes: [UUID: [MerkleTree.Node: [UInt8]]] = [:]
        if !nodes.isEmpty {
            let statement = Statement(SQL.subtreeHashes) {
                $0.uuids(nodes.map(\.organization))
                $0.ints(nodes.map { Int32($0.node.level) })
                $0.bigints(nodes.map(\.node.index))
            }
            for row in try await connection.query(statement) {
                let node = MerkleTree.Node(level: Int(try row.int(1)), index: try row.bigint(2))
                let hash = try row.bytea(3)
                if hash.count == MerkleTree.length { hashes[try row.uuid(0), default: [:]][node] = hash }
            }
        }
        return heads.filter { head in
            do throws(SigningRefusal) {
                try head.continuation?.judge(root: head.root) { hashes[head.organization]?[$0] }
                refusals.withLock { $0[head.organization] = nil }
                return head.size > head.continuation?.last.size ?? 0
            } catch {
                refuse(head.organization, error)
                return false
            }
        }
    }

    /// Told once, and again where the reason is another.
    private func refuse(_ organization: UUID, _ refusal: SigningRefusal) {
        guard refusals.withLock({ $0.updateValue(refusal, forKey: organization) }) != refusal else { return }
        log.error(
            "a log does not continue what was signed of it: its head stays unsigned; `daybook audit verify` says where",
            metadata: ["organization": "\(organization.text)", "code": "\(refusal.rawValue)"])
    }

    // MARK: - What is kept?

    private func keep(_ heads: [Pending]) async throws(PostgresError) {
        let wanted = Dictionary(uniqueKeysWithValues: heads.map { ($0.organization, $0.key.publicKey) })
        let keys = try await keys.keys(wanted)
        tell(of: heads.map(\.organization).filter { keys[$0] == nil })
        let notes = heads.compactMap { head in
            keys[head.organization].map { key in
                let checkpoint = Checkpoint(origin: head.key.name, size: head.size, root: head.root)
                return (head: head, note: checkpoint.signed(with: key).text)
            }
        }
        if notes.isEmpty { return }
        let now = clock().microseconds
        _ = try await connection.query(
            Statement(SQL.keepHeads) {
                $0.uuids(notes.map(\.head.organization))
                $0.bigints(notes.map(\.head.size))
                $0.byteas(notes.map(\.head.root))
                $0.texts(notes.map(\.note))
                $0.timestamptzs(notes.map { _ in now })
            })
        signed.withLock { signed in
            for (head, _) in notes { signed[head.organization] = max(head.size, signed[head.organization] ?? 0) }
        }
    }

    private func tell(of organizations: [UUID]) {
        for organization in organizations where keyless.withLock({ $0.insert(organization).inserted }) {
            log.warning(
                "a log's signing key is not here: its heads stay unsigned until `daybook audit rotate-key`",
                metadata: ["organization": "\(organization.text)"])
        }
    }
}
