import FoundationEssentials
import Postgres
import Synchronization

/// The keys that sign the heads of organizations' logs, read once each.
public final class SigningKeys: Sendable {
    private let connection: PipelinedConnection
    private let master: any KeyWrapping
    private let known = Mutex<[Name: SigningKey]>([:])

    private struct Name: Hashable {
        var organization: UUID
        var publicKey: [UInt8]
    }

    /// Reads over a connection of `daybook_worker`, who alone may; `master` wrapped them.
    public init(_ connection: PipelinedConnection, master: any KeyWrapping) {
        (self.connection, self.master) = (connection, master)
    }

    /// A new key of an organization, stored.
    ///
    /// To be awaited before an event names it: from then on it is in force. A crash in between leaves a key that
    /// nobody named, which signs nothing.
    public func create(_ organization: UUID) async throws(PostgresError) -> SigningKey {
        let key = SigningKey(seed: Random.bytes(SigningKey.seedLength))
        let name = Name(organization: organization, publicKey: key.publicKey)
        _ = try await connection.query(
            Statement(SQL.createSigningKey) {
                $0.uuid(organization)
                $0.bytea(key.publicKey)
                $0.bytea(master.wrap(key.seed, context: Self.context(name)))
            })
        known.withLock { $0[name] = key }
        return key
    }

    /// The keys of those public keys, one of each organization. One that is not here, or that another master wrapped,
    /// is not in the answer.
    public func keys(_ wanted: [UUID: [UInt8]]) async throws(PostgresError) -> [UUID: SigningKey] {
        var found: [UUID: SigningKey] = [:]
        let missing = known.withLock { known in
            wanted.filter { organization, publicKey in
                found[organization] = known[Name(organization: organization, publicKey: publicKey)]
                return found[organization] == nil
            }
        }
        if missing.isEmpty { return found }
        let rows = try await connection.query(
            Statement(SQL.readSigningKeys) {
                $0.uuids(missing.map(\.key))
                $0.byteas(missing.map(\.value))
            })
        for row in rows {
            let name = Name(organization: try row.uuid(0), publicKey: try row.bytea(1))
            guard let key = Self.unwrap(try row.bytea(2), master, name.organization, name.publicKey) else { continue }
            found[name.organization] = key
            known.withLock { $0[name] = key }
        }
        return found
    }

    /// The key of a stored seed, for whoever reads rows by itself; nil where another master wrapped it.
    public static func unwrap(
        _ wrapped: [UInt8], _ master: any KeyWrapping, _ organization: UUID, _ publicKey: [UInt8]
    ) -> SigningKey? {
        let name = Name(organization: organization, publicKey: publicKey)
        guard let seed = try? master.unwrap(wrapped, context: context(name)), seed.count == SigningKey.seedLength
        else { return nil }
        let key = SigningKey(seed: seed)
        return key.publicKey == publicKey ? key : nil
    }

    /// What a wrapped seed is bound to: moved to another organization or under another name, it does not unwrap.
    private static func context(_ name: Name) -> [UInt8] {
        Array("signing".utf8) + withUnsafeBytes(of: name.organization.uuid) { [UInt8]($0) } + name.publicKey
    }
}
