import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Commands {
    func organizationKeys(of organization: UUID) async throws(Problem) -> OrganizationKeys {
        let keys: OrganizationKeys?
        do { keys = try await keyring.keys(organization) } catch is KeyError { throw .keysForeign } catch {
            throw .unavailable
        }
        guard let keys else { throw .absent(Organization.name) }
        return keys
    }

    /// The head of an organization's log.
    func head(of organization: UUID) async throws(Problem) -> PositionToken {
        do {
            let head = try await reader.head(organization)
            return PositionToken(position: head.position, hash: head.leaf)
        } catch { throw .unavailable }
    }

    /// Reads streams in one query, together with what others want to read just now, and folds them.
    func load(_ references: [Reference], into known: inout WorkingSet, _ organization: UUID) async throws(Problem) {
        let wanted = Array(Dictionary(references.map { ($0.id, $0) }) { first, _ in first }.values)
        let read =
            // Many streams are worth a question of their own, and nobody should wait for them.
            if wanted.count > 32 {
                try await streams(wanted, organization)
            } else {
                try await reads.ask(wanted, of: organization) { [self] all throws(Problem) in
                    try await streams(Array(Set(all.joined())), organization)
                }
            }
        known.readAt = min(known.readAt, read.at)
        for reference in wanted { known.streams[reference.id] = try read.streams[reference]?.get() }
    }

    /// - Throws: where nothing could be read. A stream that this version cannot read fails alone.
    private func streams(_ wanted: [Reference], _ organization: UUID) async throws(Problem) -> FoldedStreams {
        let read: LoadedStreams
        do { read = try await reader.streams(organization, Array(Set(wanted.map(\.id)))) } catch { throw .unavailable }
        let opening = try await opening(read.events.values.joined(), organization)
        var folded = FoldedStreams(at: read.head.position)
        for reference in wanted {
            folded.streams[reference] = fold(read.events[reference.id] ?? [], as: reference.entity, opening)
        }
        return folded
    }

    private func fold(
        _ history: [RecordedEvent], as name: String, _ opening: Opening
    ) -> Result<Loaded, Problem> {
        guard let entity = CRM.entity(named: name) else { return .failure(.fault) }
        // A stream belongs to the entity that began it; asked for as another, it is not there.
        let isOwn = history.first.map { $0.type.split(separator: ".")[0] == name } ?? true
        do throws(Problem) {
            var loaded = try entity.load(isOwn ? history : [], opening)
            if !isOwn { loaded.version = 0 }
            return .success(loaded)
        } catch {
            return .failure(error)
        }
    }

    /// Which of these ids have a record.
    public func existing(_ ids: [UUID], in organization: UUID) async throws(Problem) -> Set<UUID> {
        do {
            return Set(try await reader.streams(organization, ids).events.filter { !$0.value.isEmpty }.keys)
        } catch { throw .unavailable }
    }

    /// Which of these ids have a record, and which of those the reversion of an import put away.
    func standing(
        _ ids: [UUID], in organization: UUID
    ) async throws(Problem) -> (present: Set<UUID>, putAway: Set<UUID>, makers: [UUID: UUID]) {
        let keys = try await organizationKeys(of: organization)
        let events: [UUID: [RecordedEvent]]
        do { events = try await reader.streams(organization, ids).events } catch { throw .unavailable }
        let present = events.filter { !$0.value.isEmpty }
        let putAway = present.filter { _, history in
            guard let last = history.last, let imported = Meta(last).imported else { return false }
            return last.command == keys.commandID(revertingImport: imported)
        }
        let makers = present.compactMapValues { $0.first.flatMap { Meta($0).imported } }
        return (Set(present.keys), Set(putAway.keys), makers)
    }

    /// A 412 with what has happened to the record since the version that the client had seen.
    func explained(
        _ problem: Problem, _ asks: [Ask], _ ids: [UUID], _ organization: UUID
    ) async throws(Problem) -> Problem {
        guard problem.status == 412, let (ask, id) = zip(asks, ids).first(where: { $0.0.ifMatch != nil }),
            let seen = ask.ifMatch
        else { return problem }
        let events: [RecordedEvent]
        do {
            events = try await reader.stream(organization, id, after: max(0, seen), limit: 20)
        } catch { throw .unavailable }
        let opening = try await opening(events, organization)
        return Problem(
            problem.code, problem.status, problem.detail,
            more: problem.more.merging(["changed": opening.changes(events)]) { $1 })
    }

    /// Looks who holds already what the unit takes: that is shared where the organization lets it be, and refused early
    /// elsewhere, so that a unit does not break the batch it would travel in.
    func share(_ plan: inout UnitPlan, _ keys: OrganizationKeys) async throws(Problem) {
        guard !plan.taken.isEmpty else { return }
        let values = plan.claims(keys).takes.map { ($0.scope, $0.digest) }
        let holders: [EventLog.Claim]
        do {
            holders = try await reader.holders(plan.circumstances.caller.organization, values)
        } catch { throw .unavailable }
        try plan.share(with: holders, keys)
    }
}

extension Opening {
    /// What happened, for a client that did not know.
    func changes(_ events: some Sequence<RecordedEvent>) -> JSON {
        .array(
            events.map { event in
                [
                    "version": .integer(Int64(event.version)), "position": .integer(event.position),
                    "type": .string(event.type), "actor": .string(event.actor.text),
                    "occurred_at": .string(event.occurredAt.text), "data": (try? stored(event).data) ?? .null,
                ]
            })
    }
}

extension UnitPlan {
    /// The records that begin under fresh ids: nobody can have written there.
    var born: [UUID: Loaded] {
        var born: [UUID: Loaded] = [:]
        for (ask, id) in zip(asks, ids) {
            guard case .new = ask.target, let entity = CRM.entity(named: ask.entity), entity.id(for: ask.body) == nil
            else { continue }
            born[id] = entity.nothing
        }
        return born
    }

    /// What the commands will most likely read: their records, what their bodies name, the organization.
    func likely(_ organization: UUID) -> [Reference] {
        var references = [Reference(Organization.self, organization)]
        for (ask, id) in zip(asks, ids) {
            guard let entity = CRM.entity(named: ask.entity) else { continue }
            references.append(Reference(entity, id))
            guard let body = ask.body.object else { continue }
            if entity.readsDefinitions(ask.act, body) {
                references.append(Reference(FieldSet.self, FieldSet.id(of: ask.entity)))
            }
            for mention in entity.taken(by: ask.act).mentions(in: body) {
                guard let type = CRM.entity(named: mention.entity) else { continue }
                references.append(Reference(type, mention.id))
            }
        }
        return references
    }
}

extension Entity {
    /// The members of an act's body.
    static func taken(by act: String) -> [Field] { self.act(named: act)?.takes ?? [] }
    /// Whether the fields that the organization defined have a say in an act.
    static func readsDefinitions(_ act: String, _ body: [String: JSON]) -> Bool {
        self.act(named: act)?.readsDefinitions(body) ?? false
    }
}

extension Problem {
    /// Another record holds a unique value; its id is in the answer.
    static func claimed(scope: String, holder: UUID) -> Problem {
        let what = scope.split(separator: ".").last.map(String.init) ?? scope
        return Problem(
            takenCode(scope), 409, "Another record has this \(what); see existing_id.",
            more: ["existing_id": .string(holder.text)])
    }

    /// The code of the refusal, and of the warning where it is let be.
    static func takenCode(_ scope: String) -> String { "\(scope)_taken" }

    /// Two records of one unit want the same unique value.
    static func claimedTwice(scope: String) -> Problem {
        let what = scope.split(separator: ".").last.map(String.init) ?? scope
        return Problem(takenCode(scope), 409, "Two records of this request have the same \(what); give it to one.")
    }

    /// Why the log did not take a unit.
    init(_ error: AppendError) {
        switch error {
        case .moved:
            self = Problem("stream.conflict", 409, "The record changed at the same time; try again.", retryAfter: 1)
        case .claimed(let scope, _, let holder): self = .claimed(scope: scope, holder: holder)
        case .repeated, .malformed, .refused: self = .fault
        case .keyReused:
            self = Problem(
                "idempotency.key_reused", 422, "This Idempotency-Key was used for another request; take a new one.")
        case .overloaded(let after):
            let seconds = max(1, Int(after.components.seconds))
            self = Problem("log.overloaded", 503, "Too many commands wait; try again.", retryAfter: seconds)
        case .timeBeforeLastEvent(_, let last):
            self = Problem(
                "time.before_last_event", 422, "occurred_at lies before the record's last event, \(last.text).")
        case .timeInFuture: self = Problem("time.in_future", 422, "occurred_at lies in the future.")
        case .tooLong(_, let bytes):
            self = Problem(
                "event.too_long", 422, "This makes an event of \(bytes) bytes; 65,535 fit. Attach long texts.")
        case .unavailable(let unknown):
            let detail =
                "The database does not answer. It is not known whether the command was carried out; repeat it with "
                + "the same Idempotency-Key, or read the record."
            self = unknown ? Problem("outcome.unknown", 503, detail, retryAfter: 1) : .unavailable
        case .cancelled: self = Problem("request.cancelled", 503, "The request was given up before it was carried out.")
        case .closed: self = Problem("server.stopping", 503, "The server is stopping.", retryAfter: 2)
        }
    }
}
