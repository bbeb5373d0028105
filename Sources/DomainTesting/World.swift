public import FoundationEssentials
public import Kernel

/// Some records of each entity, to which random things are done while the laws that hold for every entity are checked.
public struct World {
    /// What broke a law, in words.
    public private(set) var violations: Set<String> = []
    /// How often what came out: stored names, refusals' codes, `flawed`, `entity.act` for an act that did something.
    public private(set) var seen: [String: Int] = [:]
    /// Everything that happened, in order: what the log of such an organization would hold.
    public private(set) var log: [(stream: UUID, version: Int32, event: Stored)] = []
    private let entities: [any Entity.Type]
    private let recurring: Set<String>
    private var arbitrary: Arbitrary
    private var states: [Reference: any Sendable] = [:]
    private var histories: [Reference: [Stored]] = [:]
    private var fresh: UInt32 = 0x1_0000

    /// - Parameters:
    ///   - ids: the records of entities that have constant ids; others get three.
    ///   - recurring: acts that are new facts each time.
    public init(_ entities: [any Entity.Type], seed: UInt64, ids: [String: [UUID]], recurring: Set<String>) {
        (self.entities, self.recurring, arbitrary) = (entities, recurring, Arbitrary(seed))
        for (index, entity) in entities.enumerated() {
            let own = (1...3).map { UUID.number(UInt32(1000 * (index + 1) + $0)) }
            arbitrary.ids[entity.name] = ids[entity.name] ?? own
        }
    }

    /// Asks for something, `times` times.
    public mutating func run(_ times: Int) {
        for _ in 0..<times {
            let entity = arbitrary.random.pick(entities)
            ask(entity)
        }
    }

    private mutating func ask<E: Entity>(_: E.Type) {
        var id = arbitrary.random.pick(arbitrary.ids[E.name] ?? [])
        let act = arbitrary.random.pick(E.acts)
        var stream = Reference(E.self, id)
        var state = states[stream] as? E.State ?? E.initial
        arbitrary.ids[""] = parts(of: state, E.self) + entries(of: stream)
        var flaws: [Flaw] = []
        let body = arbitrary.body(act.takes, partial: act.isPartial)
        let values = act.takes.normal(body, partial: act.isPartial, flaws: &flaws)
        guard flaws.isEmpty, let command = try? act.make(Body(values)) else { return count("flawed") }
        check(act.takes, values, of: body, E.self)
        // Where the body says which record begins, it is that one.
        if act.isBeginning, let placed = E.id(for: .object(values)) {
            (id, stream) = (placed, Reference(E.self, placed))
            state = states[stream] as? E.State ?? E.initial
            if arbitrary.ids[E.name]?.contains(id) == false { arbitrary.ids[E.name]?.append(id) }
        }

        let context = self.context(of: command, given: state, id, E.self)
        do {
            let events = try E.decide(command, given: state, in: context)
            if !events.isEmpty { count("\(E.name).\(act.name)") }
            take(events, to: stream, E.self)
            let after = states[stream] as? E.State ?? E.initial
            let again = self.context(of: command, given: after, id, E.self)
            let more = (try? E.decide(command, given: after, in: again)) ?? []
            if !more.isEmpty, !recurring.contains("\(E.name).\(act.name)") {
                violations.insert("\(E.name).\(act.name) decided twice: \(command) gave \(more) in \(after)")
            }
        } catch {
            count(error.rawValue)
        }
    }

    private mutating func context<E: Entity>(of command: E.Command, given state: E.State, _ id: UUID, _: E.Type)
        -> Context
    {
        fresh += 1000  // more than one decision makes
        return E.context(of: command, given: state, id: id, others: states, freshFrom: fresh)
    }

    /// Normal forms are fixed points: what was read is read again as itself.
    private mutating func check<E: Entity>(
        _ fields: [Field], _ values: [String: JSON], of body: [String: JSON], _: E.Type
    ) {
        var flaws: [Flaw] = []
        let again = fields.normal(values, partial: true, flaws: &flaws)
        if again != values || !flaws.isEmpty { violations.insert("\(E.name): \(body) has no stable form: \(flaws)") }
    }

    private mutating func take<E: Entity>(_ events: [E.Event], to stream: Reference, _: E.Type) {
        var state = states[stream] as? E.State ?? E.initial
        for event in events {
            guard let stored = try? Stored(event), let read = try? stored.decode(E.Event.self), read == event else {
                violations.insert("\(E.name): \(event) does not survive storage")
                continue
            }
            count(stored.type)
            check(stored, E.self)
            if !stored.type.hasPrefix("\(E.name).") { violations.insert("\(stored.type) is not an event of \(E.name)") }
            histories[stream, default: []].append(stored)
            log.append((stream.id, Int32(histories[stream]?.count ?? 0), stored))
            E.evolve(&state, event)
            if stored.type == "\(E.name).archived", !E.claims(state).isEmpty {
                violations.insert("\(E.name) keeps claims while archived")
            }
        }
        states[stream] = state
        checkHistory(of: stream, E.self)
        if !events.isEmpty { checkState(of: stream, state, E.self) }
    }

    /// The state is a possible one: its own laws hold, and its values are such as its fields take.
    private mutating func checkState<E: Entity>(of stream: Reference, _ state: E.State, _: E.Type) {
        for contradiction in E.contradictions(state, known: Scene.context(id: stream.id, states: states)) {
            violations.insert("\(E.name): \(contradiction): \(state)")
        }
        guard let record = E.record(state) else { return }
        for field in E.fields {
            var flaws: [Flaw] = []
            switch (record[field.name], field.kind) {
            // In the record these are as decisions settle them: with more members than a body gives.
            case (_?, .entries): continue
            case (let value?, _):
                let normal = field.normal(value, at: "", flaws: &flaws)
                if normal != value || !flaws.isEmpty {
                    violations.insert("\(E.name).\(field.name) came to be \(value): \(flaws)")
                }
            case (nil, _) where field.isRequired: violations.insert("\(E.name) lost its \(field.name)")
            case (nil, _): continue
            }
        }
    }

    /// What is written is as its schema says.
    private mutating func check<E: Entity>(_ stored: Stored, _: E.Type) {
        guard let shape = E.eventShapes.first(where: { $0.storedName == stored.name }) else {
            violations.insert("\(stored.name) has no shape")
            return
        }
        for flaw in SchemaCheck(stored.data, with: shape.jsonSchema).flaws {
            violations.insert("\(stored.name) is not as its schema: \(flaw)")
        }
    }

    /// The log alone gives the state; and its events mean something, or nothing, in any order.
    private mutating func checkHistory<E: Entity>(of stream: Reference, _: E.Type) {
        let events = (histories[stream] ?? []).compactMap { try? $0.decode(E.Event.self) }
        if E.state(after: events) != states[stream] as? E.State ?? E.initial {
            violations.insert("\(E.name): the history of \(stream.id) gives another state")
        }
        guard arbitrary.random.once(in: 10) else { return }
        var random = arbitrary.random
        _ = E.claims(E.state(after: events.indices.map { _ in random.pick(events) }))
        arbitrary.random = random
    }

    /// Parts of records have ids that bodies may name: a contact's addresses, tags, the stages of a pipeline or of a
    /// deal's.
    private func parts<E: Entity>(of state: E.State, _: E.Type) -> [UUID] {
        let record = E.record(state) ?? Record()
        let keys = ["stages", "emails", "lines", "tags"].flatMap { (record[$0]?.object ?? [:]).keys.sorted() }
        let own = keys.compactMap { UUID(text: $0) }
        guard let id = record.id("pipeline_id"), let pipeline = entities.first(where: { $0.name == "pipeline" }) else {
            return own
        }
        // A deal's own lines are few beside the stages, and named where they are meant.
        return own + own + own + parts(of: id, pipeline)
    }
    /// What was entered into a record lately, by ids that only its events tell: costs, hours.
    private func entries(of stream: Reference) -> [UUID] {
        (histories[stream] ?? []).suffix(20).compactMap {
            ($0.data["cost_id"] ?? $0.data["entry_id"])?.string.flatMap(UUID.init(text:))
        }
    }
    private func parts<E: Entity>(of id: UUID, _: E.Type) -> [UUID] {
        parts(of: states[Reference(E.self, id)] as? E.State ?? E.initial, E.self)
    }
    private mutating func count(_ what: String) { seen[what, default: 0] += 1 }
}
