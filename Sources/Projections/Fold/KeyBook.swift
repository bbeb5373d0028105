import FoundationEssentials
import Kernel
import Postgres
import Vault

/// The keys that a thread holds while it folds. Not Sendable: it belongs to an engine.
///
/// A rebuild reads all keys of the organizations that it is about to read; the live tail those of the persons in a
/// batch, and remembers them until the person is erased.
final class KeyBook {
    /// 32 bytes in place: a hundred bytes a person, where a ready key would be five times as large.
    private struct Bytes {
        var words: (UInt64, UInt64, UInt64, UInt64)
    }
    private struct Name: Hashable {
        var organization: Cell
        var person: Cell
    }
    /// How many the live tail remembers.
    private static let capacity = 200_000
    private let master: any KeyWrapping
    /// Nil: there is none, or none any more.
    private var keys: [Name: Bytes?] = [:]

    init(_ master: any KeyWrapping) { self.master = master }

    /// The key of a person; nil where it was erased or never had one.
    func key(_ organization: Cell, _ person: UUID) -> PersonKey? {
        let found = keys[Name(organization: organization, person: Cell(person))] ?? nil
        guard let found else { return nil }
        return PersonKey(bytes: withUnsafeBytes(of: found.words) { [UInt8]($0) })
    }

    func isKnown(_ organization: Cell, _ person: UUID) -> Bool {
        keys[Name(organization: organization, person: Cell(person))] != nil
    }

    /// Whether there is a key of a person.
    func has(_ organization: Cell, _ person: Cell) -> Bool {
        (keys[Name(organization: organization, person: person)] ?? nil) != nil
    }

    /// The person was erased: from now on there is no key.
    func erase(_ organization: Cell, _ person: Cell) {
        keys[Name(organization: organization, person: person)] = .some(nil)
    }

    func removeAll() { keys.removeAll() }

    // MARK: - How are they read?

    /// Asks for the keys of persons of one organization.
    static func statement(_ organization: UUID, _ persons: [UUID]) -> Statement {
        Statement(SQL.personKeys) {
            $0.uuid(organization)
            $0.uuids(persons)
        }
    }

    /// Takes the answer; those of whom there is no row have no key.
    func take(_ rows: Result, _ organization: UUID, _ persons: [UUID]) throws {
        if keys.count + persons.count > Self.capacity { keys.removeAll(keepingCapacity: true) }
        for person in persons { erase(Cell(organization), Cell(person)) }
        for row in rows { try take(organization, try row.uuid(0), row.bytea(orNil: 1)) }
    }

    /// All keys of the organizations from `first` to `last`, instead of those that were known; with `keeping` beside
    /// them: of a key that was destroyed since, the log will tell.
    func load(_ connection: BlockingConnection, _ first: UUID, _ last: UUID, keeping: Bool = false) throws {
        if !keeping { keys.removeAll() }
        let rows = Statement(SQL.allPersonKeys) {
            $0.uuid(first)
            $0.uuid(last)
        }
        for row in try connection.query(rows) {
            let (organization, person) = (try row.uuid(0), try row.uuid(1))
            if keeping, has(Cell(organization), Cell(person)) { continue }
            try take(organization, person, row.bytea(orNil: 2))
        }
    }

    private func take(_ organization: UUID, _ person: UUID, _ wrapped: [UInt8]?) throws {
        var bytes: Bytes?
        if let wrapped {
            let key = try PersonKeys.unwrap(wrapped, master, organization, person)
            bytes = key.withUnsafeBytes { key in
                Bytes(
                    words: (
                        key.loadUnaligned(as: UInt64.self), key.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                        key.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                        key.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
                    ))
            }
        }
        keys[Name(organization: Cell(organization), person: Cell(person))] = .some(bytes)
    }
}
