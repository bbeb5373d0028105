import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

/// The way back from what an event made of a record to what it was before.
@Suite struct WayBackTests {
    @Test func `a patch gives back what was there, and clears what was not`() throws {
        let account = Record(["name": "Acme", "industry": "pumps", "custom": ["a": 1, "b": 2]])
        let now = Record(["name": "Acme Ltd", "website": "https://acme.example", "custom": ["a": 3, "c": 4]])
        let steps = Account.wayBack(of: Scene.id, from: .active(now), to: .active(account))
        #expect(steps.map(\.act) == ["edit"])
        #expect(
            steps.first?.body == [
                "name": "Acme", "industry": "pumps", "website": .null, "custom": ["a": 1, "b": 2, "c": .null],
            ])
    }

    @Test func `a record that was put away is taken out first, tags go and come, and none of it is an edit`() throws {
        let (one, two) = (UUID.number(1).text, UUID.number(2).text)
        let before = Record(["name": "Acme", "tags": [one: true]])
        let after = Record(["name": "Acme", "tags": [two: true]])
        let steps = Account.wayBack(of: Scene.id, from: .archived(after), to: .active(before))
        #expect(steps.map(\.act) == ["restore", "untag", "tag"])
        #expect(steps.map(\.body) == [[:], ["tags": [.string(two)]], ["tags": [.string(one)]]])
        #expect(Account.wayBack(of: Scene.id, from: .active(before), to: .archived(before)).map(\.act) == ["archive"])
        #expect(Account.wayBack(of: Scene.id, from: .active(before), to: .active(before)).isEmpty)
    }

    @Test func `what no edit takes is given back by the act that takes it alone`() throws {
        let contact = UUID.number(7).text
        let before = Record(["name": "Acme", "primary_contact_id": .string(contact)])
        let steps = Account.wayBack(of: Scene.id, from: .active(Record(["name": "Acme"])), to: .active(before))
        #expect(steps.map(\.act) == ["set_primary_contact"])
        #expect(steps.first?.body == ["contact_id": .string(contact)])
    }

    /// What many records are asked at once: it must lead back whole.
    private static let common = ["edited", "assigned", "tags_changed", "archived", "restored"]
    private static let whole: Set<String> = [
        "deal.moved", "deal.won", "deal.lost", "account.lifecycle_changed", "account.parent_changed",
    ]

    /// With whom it was follows an interaction's subject when that is given back, though it was said apart before: this
    /// one is refused then, as everything is that leads elsewhere.
    private static let derived: Set = ["interaction.edited"]

    @Test func `of every entity, what an edit, an owner, tags and the archive changed leads back whole`() {
        var ways = Ways()
        for seed in 1...UInt64(9) {
            var world = LawTests.world(seed)
            world.run(6_000)
            ways.follow(world.log)
        }
        for (event, count) in ways.counts.sorted(by: { $0.key < $1.key }) {
            let isCommon = Self.common.contains { event.hasSuffix(".\($0)") } || Self.whole.contains(event)
            guard isCommon else { continue }
            #expect(count.back > 0, "\(event): \(count)")
            let isLost = count.elsewhere > 0 && !Self.derived.contains(event)
            #expect(!isLost, "\(event) leads elsewhere: \(ways.examples[event] ?? "")")
        }
    }
}

/// What comes of the ways back from the events of a log, each tried where it stands.
private struct Ways {
    /// By the event's name.
    private(set) var counts: [String: (back: Int, refused: Int, elsewhere: Int)] = [:]
    private(set) var examples: [String: String] = [:]

    mutating func follow(_ log: [(stream: UUID, version: Int32, event: Stored)]) {
        var states: [Reference: any Sendable] = [:]
        for line in log {
            guard let entity = CRM.entity(named: String(line.event.type.prefix { $0 != "." })) else { continue }
            step(entity, line.stream, line.event, &states)
        }
    }

    private mutating func step<E: Entity>(
        _ entity: E.Type, _ id: UUID, _ stored: Stored, _ states: inout [Reference: any Sendable]
    ) {
        let reference = Reference(E.self, id)
        let before = states[reference] as? E.State ?? E.initial
        guard let event = try? stored.decode(E.Event.self) else { return }
        var after = before
        E.evolve(&after, event)
        states[reference] = after
        if before != E.initial, before != after, let lasting = entity as? any Lasting.Type {
            try? goBack(lasting, id, stored.type, from: after, to: before, states)
        }
    }

    private mutating func goBack<E: Lasting>(
        _: E.Type, _ id: UUID, _ event: String, from: any Sendable, to: any Sendable,
        _ states: [Reference: any Sendable]
    ) throws {
        guard let from = from as? E.State, let to = to as? E.State else { return }
        var state = from
        for step in E.wayBack(of: id, from: from, to: to) {
            guard let act = E.acts.first(where: { $0.name == step.act }),
                let command = try? act.make(try act.normal(step.body)),
                let events = try? E.decide(command, given: state, in: context(E.self, command, state, id, states))
            else {
                counts[event, default: (0, 0, 0)].refused += 1
                return
            }
            for event in events { E.evolve(&state, event) }
        }
        if E.isSame(state, to) {
            counts[event, default: (0, 0, 0)].back += 1
        } else {
            counts[event, default: (0, 0, 0)].elsewhere += 1
            examples[event] = "\(to) became \(from) and then \(state)"
        }
    }

    private func context<E: Entity>(
        _: E.Type, _ command: E.Command, _ state: E.State, _ id: UUID, _ states: [Reference: any Sendable]
    ) -> Context {
        var read: [Reference: any Sendable] = [:]
        while true {
            let known = Scene.context(id: id, states: read, freshFrom: 0x8000_0000)
            let missing = E.references(command, state, known: known).filter { !known.knows($0) }
            if missing.isEmpty { return known }
            for reference in missing { read[reference] = states[reference] ?? Nothing() }
        }
    }
    private struct Nothing: Sendable {}
}
