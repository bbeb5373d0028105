import CRM
import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Projections
import Vault

/// What is done for a person as a person: to tell what is known of one, and to forget one (DESIGN §5). A person is any
/// record with something personal in it: its stream's key is what is destroyed.
public final class People: Sendable {
    let commands: Commands
    let access: Access
    let attachments: Attachments
    let models: ReadModels
    let waits: ProjectionWaits
    /// As `daybook_worker`.
    let database: PipelinedConnection
    let register: ErasureRegister?
    /// How long an erasure waits until the read tables show it.
    let patience: Duration
    let log: Logger

    /// - Parameter register: where erasures are noted for restores; nil where none is kept.
    init(
        commands: Commands, access: Access, attachments: Attachments, models: ReadModels, waits: ProjectionWaits,
        database: PipelinedConnection, register: ErasureRegister?, patience: Duration, log: Logger
    ) {
        (self.commands, self.access, self.attachments, self.models) = (commands, access, attachments, models)
        (self.waits, self.database, self.register) = (waits, database, register)
        (self.patience, self.log) = (patience, log)
    }

    /// A person's record as it stands in the log.
    struct Subject: Sendable {
        let entity: any Entity.Type
        let loaded: Loaded
        /// Where the log stood when it was read.
        let readAt: Position
        /// The records that it stands for, or the one that stands for it.
        fileprivate var merged: [UUID] { entity.merged(of: loaded) }
    }

    /// The records that are the same as this one, whichever of them stands for all.
    func merged(with id: UUID, _ organization: UUID) async throws(Problem) -> [UUID] {
        var (all, open) = ([id], [id])
        while let next = open.popLast() {
            let more = try await subject(next, organization).merged.filter { !all.contains($0) }
            all += more
            open += more
        }
        return Array(all.dropFirst())
    }

    /// The record of that id.
    /// - Throws: `person.not_found`; `person.nothing_personal` where it is of a kind that has nothing to forget.
    func subject(_ id: UUID, _ organization: UUID) async throws(Problem) -> Subject {
        let first: RecordedEvent?
        do { first = try await commands.reader.stream(organization, id, limit: 1).first } catch { throw .unavailable }
        guard let first, let entity = CRM.entity(named: String(first.type.prefix { $0 != "." })) else {
            throw .absent("person")
        }
        guard entity != Organization.self, !personalNames(of: entity.name).isEmpty else {
            throw Problem(
                "person.nothing_personal", 422,
                "This is a record of the kind \(entity.name), which is not about a person. Archive it instead.")
        }
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(entity, id)], into: &known, organization)
        guard let loaded = known.streams[id] else { throw .fault }
        return Subject(entity: entity, loaded: loaded, readAt: known.readAt)
    }

    /// The records that are about the same person as this one: those that it names as such, those that name it so, and
    /// those with which it is merged.
    func others(like id: UUID, _ trail: Trail, _ organization: UUID) async throws(Problem) -> [UUID] {
        let subject = try await subject(id, organization)
        let naming = trail.mentions.values.filter { mention in
            guard let entity = CRM.entity(named: mention.entity) else { return false }
            return !entity.samePerson.isDisjoint(with: mention.members)
        }
        return subject.entity.others(of: subject.loaded) + naming.map(\.id).sorted { $0.text < $1.text }
    }

    /// What an organization's log tells of a person, from one pass over it.
    func trail(of id: UUID, _ organization: UUID) async throws(Problem) -> Trail {
        var keys: [UUID: PersonKey] = [:]
        if case .held(let key) = try await commands.standings(of: [id], organization)[id] { keys[id] = key }
        let trail = TrailBox(Trail(of: id, Opening(keys: keys)))
        do {
            try await commands.reader.copy(organization) { try trail.take($0) }
        } catch is PostgresError { throw .unavailable } catch {
            log.error("a log could not be searched for a person", metadata: ["error": "\(error)"])
            throw .fault
        }
        return trail.value
    }

    /// The organizations in which a record of that id has a key: one, none, or more where a log was copied.
    public func organizations(of id: UUID) async throws(Problem) -> [UUID] {
        let rows = try await access.query(Statement(SQL.organizationOfPerson) { $0.uuid(id) })
        var found: [UUID] = []
        for row in rows { found.append(try access.read { () throws(PostgresError) in try row.uuid(0) }) }
        return found
    }
}

extension Entity {
    /// The records with which one is merged.
    fileprivate static func merged(of loaded: Loaded) -> [UUID] { (loaded.state as? State).map(merged) ?? [] }
    /// The other records of the same person that a record names.
    fileprivate static func others(of loaded: Loaded) -> [UUID] {
        guard let state = loaded.state as? State, let record = record(state) else { return [] }
        return samePerson.sorted().compactMap { record[$0]?.string.flatMap(UUID.init(text:)) } + merged(state)
    }
}

extension Caller {
    /// Whoever holds the data folder and acts by the command line.
    public static func operating(on organization: UUID) -> Caller {
        Caller(
            organization: organization, actor: organization, kind: .system, role: .owner, channel: .cli,
            request: "command-line")
    }
}
