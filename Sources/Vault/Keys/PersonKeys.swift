import FoundationEssentials
import Postgres
import Synchronization

/// The keys of persons and records, read when they are needed and remembered for a short time.
///
/// Another process may destroy a key: what is remembered here is believed for half a minute. That a person was erased
/// is also told by the person's own stream, which whoever decides or shows something has read by then.
public final class PersonKeys: Sendable {
    /// What is known of a key.
    public enum Standing: Sendable {
        case held(PersonKey)
        /// It was destroyed, for ever.
        case erased
    }
    private struct Entry {
        var standing: Standing
        var until: ContinuousClock.Instant
    }
    private let connection: PipelinedConnection
    private let master: any KeyWrapping
    private let known = Mutex<[Name: Entry]>([:])

    private struct Name: Hashable {
        var organization: UUID
        var person: UUID
    }

    /// For how long a key is believed to be there.
    static let belief = Duration.seconds(30)
    /// How many are remembered; some 400 bytes each.
    static let capacity = 50_000

    /// Reads over a connection of `daybook_worker`, who alone may; `master` wrapped them.
    public init(_ connection: PipelinedConnection, master: any KeyWrapping) {
        (self.connection, self.master) = (connection, master)
    }

    /// The keys of those asked; who never had one is not in the answer.
    /// - Throws: `PostgresError`, `KeyError`.
    public func standings(
        _ organization: UUID, _ persons: some Sequence<UUID>
    ) async throws -> [UUID: Standing] {
        let now = ContinuousClock.now
        var found: [UUID: Standing] = [:]
        let missing = known.withLock { known in
            Set(persons).filter { person in
                guard let entry = known[Name(organization: organization, person: person)], entry.until > now else {
                    return true
                }
                found[person] = entry.standing
                return false
            }
        }
        if missing.isEmpty { return found }
        let rows = try await connection.query(
            Statement(SQL.readPersonKeys) {
                $0.uuid(organization)
                $0.uuids(Array(missing))
            })
        var read: [UUID: Standing] = [:]
        for row in rows {
            let person = try row.uuid(0)
            guard let wrapped = try row.bytea(orNil: 1) else {
                read[person] = .erased
                continue
            }
            read[person] = .held(PersonKey(bytes: try Self.unwrap(wrapped, master, organization, person)))
        }
        remember(read, of: organization, until: now + Self.belief)
        return found.merging(read) { $1 }
    }

    /// A new key, and how it is stored with the first event of its stream.
    public typealias Minted = (key: PersonKey, wrapped: WrappedKey)

    /// Makes a key.
    public func mint(_ organization: UUID, _ person: UUID) -> Minted {
        let bytes = Random.bytes(PersonKey.length)
        let wrapped = Self.wrap(bytes, master, organization, person)
        return (PersonKey(bytes: bytes), WrappedKey(person: person, bytes: wrapped))
    }

    /// Remembers keys that were minted, once they are stored: who makes a record mostly changes it next.
    public func keep(_ minted: [UUID: PersonKey], of organization: UUID) {
        remember(minted.mapValues { .held($0) }, of: organization, until: .now + Self.belief)
    }

    private func remember(
        _ standings: [UUID: Standing], of organization: UUID, until: ContinuousClock.Instant
    ) {
        if standings.isEmpty { return }
        known.withLock { known in
            if known.count + standings.count > Self.capacity { known = [:] }
            for (person, standing) in standings {
                known[Name(organization: organization, person: person)] = Entry(standing: standing, until: until)
            }
        }
    }

    /// Destroys a person's key. Doing it again changes nothing.
    public func destroy(_ organization: UUID, _ person: UUID) async throws(PostgresError) {
        _ = try await connection.query(
            Statement(SQL.destroyPersonKey) {
                $0.uuid(organization)
                $0.uuid(person)
            })
        forget(organization, person)
    }

    /// Forgets what is remembered of a person's key.
    public func forget(_ organization: UUID, _ person: UUID) {
        known.withLock { _ = $0.removeValue(forKey: Name(organization: organization, person: person)) }
    }

    /// Forgets all that is remembered: something may have been missed.
    public func forgetAll() { known.withLock { $0 = [:] } }

    /// A key as it is stored, for whoever writes rows by itself.
    public static func wrap(
        _ key: [UInt8], _ master: any KeyWrapping, _ organization: UUID, _ person: UUID
    ) -> [UInt8] {
        master.wrap(key, context: context(organization, person))
    }

    /// A stored key, for whoever reads rows by itself.
    /// - Throws: `KeyError.notOurs`.
    public static func unwrap(
        _ wrapped: [UInt8], _ master: any KeyWrapping, _ organization: UUID, _ person: UUID
    ) throws(KeyError) -> [UInt8] {
        try master.unwrap(wrapped, context: context(organization, person))
    }

    private static func context(_ organization: UUID, _ person: UUID) -> [UInt8] {
        Keyring.context("person", organization) + withUnsafeBytes(of: person.uuid) { [UInt8]($0) }
    }
}
