import CRM
import FoundationEssentials
import Kernel
import Vault

/// What came of trying to decide one command on the streams known so far. Pure: the shell loads and appends.
enum Attempt: Sendable {
    /// These streams must be read first.
    case needs([Reference])
    /// It is decided.
    case decided(Decision)
}

/// What a command amounts to.
struct Decision: Sendable {
    /// The act's own name.
    let act: String
    let id: UUID
    /// When it occurred, where that was stated.
    let occurredAt: Instant?
    let isNew: Bool
    let events: [Stored]
    /// Whose key seals what is personal in each of them.
    let persons: [UUID]
    let state: any Sendable
    let taken: Set<Claim>
    let released: Set<Claim>
    /// Streams that were read and must not have changed.
    let read: [UUID]
    /// What it asks of other records, before its own events.
    let steps: [Step]
}

/// What a decision is told besides the streams.
struct Circumstances: Sendable {
    let caller: Caller
    /// When the request is handled.
    let now: Instant
    /// Records that a dry run takes for being there.
    var assumed: Set<UUID> = []
    /// Keys of records that begin, where something was sealed under them already: the bytes of files.
    var minted: [UUID: PersonKeys.Minted] = [:]
    let fresh: @Sendable () -> UUID
}

extension Entity {
    /// Decides `ask` on record `id`.
    static func attempt(_ ask: Ask, id: UUID, on known: WorkingSet, _ circumstances: Circumstances) throws(Problem)
        -> Attempt
    {
        guard let act = act(named: ask.act) else {
            let names = acts.map(\.name).joined(separator: ", ")
            throw Problem("act.unknown", 404, "A \(name) has no act \(ask.act); it has \(names).")
        }
        try permit(circumstances.caller)
        guard let own = known.streams[id], let settings = known.streams[circumstances.caller.organization] else {
            return .needs([Reference(Self.self, id), Reference(Organization.self, circumstances.caller.organization)])
        }
        guard let state = own.state as? State else { throw .absent(name) }
        if own.isErased { throw .erased }
        if let expected = ask.ifMatch, expected != own.version { throw .changed(since: expected, now: own.version) }
        let (body, missing) = try normal(ask, act, state, known, assuming: circumstances.assumed)
        guard missing.isEmpty else { return .needs(missing) }
        let stated = try stated(ask, body)
        let occurred = try moment(stated, after: own.last, circumstances.now)
        let command: Command
        do { command = try act.make(body) } catch { throw .invalid([error]) }

        var states: [Reference: any Sendable] = [:]
        var context: Context
        repeat {
            context = Context(
                now: occurred, today: Zones.day(of: occurred, in: settings),
                organization: circumstances.caller.organization, id: id,
                actor: circumstances.caller.actor, states: states, fresh: circumstances.fresh)
            let named = references(command, state, known: context).filter { states[$0] == nil }
            let unknown = named.filter { known.streams[$0.id] == nil }
            guard unknown.isEmpty else { return .needs(unknown) }
            for reference in named { states[reference] = known.streams[reference.id]?.state }
            if named.isEmpty { break }
        } while true

        let events: [Event]
        do { events = try decide(command, given: state, in: context) } catch {
            throw .refused(error, by: state as? any Replaceable)
        }
        return .decided(
            try decision(
                of: act.name, events, id: id, at: stated, from: own, state, read: states.keys.map(\.id),
                steps: events.isEmpty ? [] : steps(command, given: state, deciding: events, of: id)))
    }

    /// The act of that name; `create` is understood of every entity, whatever it calls its beginning.
    static func act(named name: String) -> Act<Command>? {
        acts.first { $0.name == name } ?? (name == "create" ? acts.first { $0.form == .creates } : nil)
    }

    private static func decision(
        of act: String, _ events: [Event], id: UUID, at stated: Instant?, from own: Loaded, _ before: State,
        read: [UUID], steps: [Step]
    ) throws(Problem) -> Decision {
        var after = before
        var persons: [UUID] = []
        for event in events {
            evolve(&after, event)
            persons.append(person(after) ?? id)
        }
        let stored: [Stored]
        do { stored = try events.map { try Stored($0) } } catch { throw .fault }
        let (old, new) = (claims(before), claims(after))
        return Decision(
            act: act, id: id, occurredAt: stated, isNew: !own.exists && !events.isEmpty, events: stored,
            persons: persons, state: after, taken: new.subtracting(old), released: old.subtracting(new), read: read,
            steps: steps)
    }

    /// Refuses whom the entity's records are not to be changed by.
    /// - Throws: `auth.forbidden`.
    public static func permit(_ caller: Caller) throws(Problem) {
        switch (caller.role, audience) {
        case (.owner, _), (.member, .members): return
        case (.member, .owners): throw .forbidden("Only owners may change \(plural.replacing("_", with: " ")).")
        case (.viewer, _), (.auditor, _):
            throw .forbidden("A \(caller.role.rawValue) may read, but not change anything.")
        }
    }

    /// When it occurred, as the command says or, where its act takes that, the body.
    private static func stated(_ ask: Ask, _ body: Body) throws(Problem) -> Instant? {
        guard let moment = body.instant("occurred_at") else { return ask.occurredAt }
        guard ask.occurredAt ?? moment == moment else {
            throw .invalid([Flaw("/occurred_at", "duplicate", "the command says another occurred_at than its body")])
        }
        return moment
    }

    /// A stream's time never goes back, and nothing is recorded before it occurs (DESIGN §3).
    private static func moment(_ stated: Instant?, after last: Instant?, _ now: Instant) throws(Problem) -> Instant {
        guard let stated else { return max(now, last ?? now) }
        guard stated <= now else { throw Problem("time.in_future", 422, "occurred_at lies in the future.") }
        if let last, stated < last {
            throw Problem(
                "time.before_last_event", 422, "occurred_at lies before this record's last event, \(last.text).")
        }
        return stated
    }
}

// MARK: Is the body as it must be?

extension Entity {
    /// The body in its normal form, or the streams that must be read to tell.
    private static func normal(
        _ ask: Ask, _ act: Act<Command>, _ state: State, _ known: WorkingSet, assuming assumed: Set<UUID>
    ) throws(Problem) -> (Body, needs: [Reference]) {
        guard case .object(let object) = ask.body else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(ask.body.kind)")])
        }
        var flaws: [Flaw] = []
        var values = act.takes.normal(object, partial: act.form == .edits, flaws: &flaws)
        if ask.replaces { values = replacement(act.takes, by: values, of: record(state) ?? Record(), flaws: &flaws) }
        var needs: [Reference] = []
        var mentions = act.takes.mentions(in: values)
        if act.readsDefinitions(values) {
            let definitions = FieldSet.id(of: name)
            if let loaded = known.streams[definitions], let fields = loaded.state as? FieldSet.State {
                let given = values["custom"]?.object
                let custom = fields.normal(given ?? [:], partial: act.form != .creates, flaws: &flaws)
                if given != nil || !custom.isEmpty { values["custom"] = .object(custom) }
                mentions += fields.fields.mentions(in: custom, at: "/custom")
            } else {
                needs.append(Reference(FieldSet.self, definitions))
            }
        }
        for mention in mentions {
            guard let type = CRM.entity(named: mention.entity) else {
                flaws.append(Flaw(mention.pointer, "not_found", "there is no such \(mention.entity)"))
                continue
            }
            switch known.streams[mention.id]?.exists {
            case nil: needs.append(Reference(type, mention.id))
            case true? where known.streams[mention.id]?.isErased == true: throw .erased
            case false? where assumed.contains(mention.id): break
            case false?: flaws.append(Flaw(mention.pointer, "not_found", "there is no such \(mention.entity)"))
            case true?:
                if let loaded = known.streams[mention.id], let objection = type.objection(to: loaded) {
                    flaws.append(Flaw(mention.pointer, "not_in_use", objection))
                }
            }
        }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        return (Body(values), needs)
    }

    /// PUT as a patch: what is not named is cleared. What a record cannot be made without must be named; what it has
    /// from a default and cannot be without (a role, a lifecycle) stays.
    private static func replacement(
        _ fields: [Field], by values: [String: JSON], of old: Record, flaws: inout [Flaw]
    ) -> [String: JSON] {
        let needed = Set((acts.first { $0.form == .creates }?.takes ?? []).filter(\.isRequired).map(\.name))
        for field in fields where needed.contains(field.name) && values[field.name] == nil {
            flaws.append(Flaw("/\(field.name)", "required", "\(field.name) must be given"))
        }
        let kept = fields.filter { $0.isRequired && values[$0.name] == nil }.map(\.name)
        return Patch.replacing(fields, of: old, by: Record(values)).values.filter { !kept.contains($0.key) }
    }
}

extension Act {
    /// Whether the fields that the organization defined have a say: where one is given, and where a record begins, of
    /// which some may be required or have a default.
    func readsDefinitions(_ values: [String: JSON]) -> Bool {
        values["custom"]?.object != nil || form == .creates && takes.contains { $0.kind == .custom }
    }
}

extension Problem {
    /// If-Match names another version than the record has.
    static func changed(since expected: Int32, now version: Int32) -> Problem {
        Problem(
            "precondition.failed", 412, "The record has changed: you have version \(expected), it is at \(version).",
            more: ["version": .integer(Int64(version))])
    }
}
