import EventLog
import FoundationEssentials
import Kernel
import Vault

/// An event that is decided and not yet sealed.
struct PlannedEvent: Sendable {
    let stream: UUID
    let version: Int32
    let stored: Stored
    /// The members of its data that are personal.
    let personal: Set<String>
    /// Those of them that the record's own key seals, whoever else it tells of.
    var ofRecord: Set<String> = []
    /// Whose key seals them: mostly the record's own.
    let person: UUID
    let meta: [UInt8]
    let occurredAt: Instant?
    let index: Int16

    /// Another than the record itself under whose key something of it is sealed.
    var other: UUID? {
        person != stream && stored.parted(by: personal.subtracting(ofRecord)).personal != nil ? person : nil
    }
}

/// The keys under which the events of one unit are sealed.
struct Seals: Sendable {
    /// Of the streams that it writes, of the persons they tell of, and of the actor.
    var keys: [UUID: PersonKey] = [:]
    /// Those of streams that begin with it.
    var born: [WrappedKey] = []
    /// The same, ready to seal.
    var minted: [UUID: PersonKey] {
        Dictionary(uniqueKeysWithValues: born.compactMap { key in keys[key.person].map { (key.person, $0) } })
    }
    /// Sixteen random bytes at each call.
    let nonce: @Sendable () -> [UInt8]

    /// The event as it is appended: what is personal under its person's key, from where it came under the actor's.
    func draft(of event: PlannedEvent, command: UUID, by caller: Caller) -> Draft {
        let (told, others) = event.stored.parted(by: event.person == event.stream ? [] : event.ofRecord)
        let (open, personal) = told.parted(by: event.personal)
        let place = SealingPlace(
            organization: caller.organization, stream: event.stream, version: event.version, type: open.type.utf8,
            schema: open.schema)
        var parts: [SealedPart] = []
        func seal(_ plain: JSON, _ kind: SealedPart.Kind, of person: UUID) {
            guard let key = keys[person] else { return }
            parts.append(key.seal(plain.bytes, kind, of: person, at: place, nonce: nonce()))
        }
        if let personal { seal(personal, .data, of: event.person) }
        if let others { seal(others, .data, of: event.stream) }
        if let origin = caller.origin { seal(origin.json, .caller, of: caller.actor) }
        return Draft(
            stream: event.stream, version: event.version, type: open.type, schema: open.schema, data: open.data.bytes,
            private: SealedParts.bytes(parts), meta: event.meta, occurredAt: event.occurredAt, actor: caller.actor,
            command: command, index: event.index)
    }
}

extension Commands {
    /// The keys that a unit needs: those of streams that begin are made, the others read.
    /// - Throws: `person.erased`; `vault.key_missing` where a log was restored without its keys.
    func seals(for plan: UnitPlan) async throws(Problem) -> Seals {
        let caller = plan.circumstances.caller
        var seals = Seals(nonce: { Random.bytes(SealedPart.nonceLength) })
        let written = Set(plan.events.map(\.stream))
        let begun = written.filter { plan.expected[$0] == 0 }
        for stream in begun {
            let (key, wrapped) = plan.circumstances.minted[stream] ?? persons.mint(caller.organization, stream)
            seals.keys[stream] = key
            seals.born.append(wrapped)
        }
        let known = written.union(plan.events.compactMap(\.other)).subtracting(begun)
        let isTraced = caller.origin != nil && !begun.contains(caller.actor)
        let standings = try await standings(of: isTraced ? known.union([caller.actor]) : known, caller.organization)
        for (person, standing) in standings {
            switch standing {
            case .held(let key): seals.keys[person] = key
            case .erased: if known.contains(person) { throw .erased }
            }
        }
        guard known.allSatisfy({ seals.keys[$0] != nil }) else { throw .keyMissing }
        return seals
    }

    func standings(
        of persons: Set<UUID>, _ organization: UUID
    ) async throws(Problem) -> [UUID: PersonKeys.Standing] {
        do { return try await self.persons.standings(organization, persons) } catch is KeyError {
            throw .keysForeign
        } catch { throw .unavailable }
    }
}

extension Problem {
    /// The record is of a person who was erased.
    static let erased = Problem("person.erased", 410, "This person was erased; nothing can be added to the record.")
    /// The log is here and a key of it is not.
    static let keyMissing = Problem(
        "vault.key_missing", 409,
        "The key of this record is not in the database: restore the keys that belong to the log from a backup.")
    /// The keys belong to another master key.
    static let keysForeign = Problem(
        "vault.keys_foreign", 500,
        "The keys in the database were wrapped with another master key. Start with the one that made them.")
}
