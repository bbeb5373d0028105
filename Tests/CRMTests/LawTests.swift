import CRM
import DomainTesting
import Kernel
import Testing

/// What holds for every entity, tried with random commands. A failure names its seed: run it alone to see it again.
@Suite struct LawTests {
    static let seeds = Array(1...8) + [UInt64.random(in: 9...UInt64.max)]
    static func world(_ seed: UInt64) -> World {
        World(
            entities, seed: seed,
            // The fields of few kinds, so that what was defined of one is met again.
            ids: ["field_set": ["account", "note"].map(FieldSet.id(of:)), "organization": [Scene.organization]],
            recurring: ["member.password_changed", "deal.add_line", "campaign.record_cost", "project.log_hours"])
    }

    @Test(arguments: seeds) func `whatever is asked, the laws of every entity hold`(seed: UInt64) {
        var world = Self.world(seed)
        world.run(3000)
        #expect(world.violations == [], "seed \(seed)")
    }

    @Test func `the random commands reach every act and every event`() {
        var expected: Set<String> = []
        for entity in entities {
            expected.formUnion(actNames(entity))
            expected.formUnion(eventNames(entity))
        }
        // Fields that are defined are soon retired, and seldom revised before; what is scheduled soon takes place:
        // several young worlds show more than an old one, and the more kinds of records there are, the more of them it
        // takes.
        var seen: Set<String> = []
        for seed in 1...UInt64(40) where !seen.isSuperset(of: expected) {
            var world = Self.world(seed)
            world.run(8_000)
            seen.formUnion(world.seen.keys)
        }
        let missed = expected.subtracting(seen)
        #expect(missed == [])
    }

    @Test func `stored names start with the entity's name and have a version`() {
        for entity in entities {
            for name in storedNames(entity) {
                #expect(name.wholeMatch(of: /[a-z_]+\.[a-z_]+@[1-9][0-9]*/) != nil)
                #expect(name.hasPrefix("\(entity.name)."))
            }
        }
    }

    @Test func `codes of refusals start with the entity's name and say what to do`() {
        for entity in entities {
            for (code, detail) in refusals(entity) {
                #expect(code.hasPrefix("\(entity.name)."))
                #expect(detail.hasSuffix("."))
            }
        }
    }

    @Test func `the names and aliases of fields are unique, also in bodies`() {
        for entity in entities {
            for fields in [entity.fields] + bodies(entity) {
                let names = fields.flatMap { [$0.name] + $0.aliases }
                #expect(Set(names).count == names.count, "\(entity.name): \(names)")
                #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil })
            }
        }
    }

    @Test func `what is referred to is an entity`() {
        for entity in entities {
            for field in entity.fields + bodies(entity).joined() {
                let named: [String] =
                    switch field.kind {
                    case .reference(let name): [name]
                    case .record(let names): names
                    case _: []
                    }
                for name in named { #expect(CRM.entity(named: name) != nil, "\(entity.name).\(field.name)") }
            }
        }
    }

    @Test func `entities are found by name and by path`() {
        for entity in entities {
            #expect(CRM.entity(named: entity.name) == entity)
            #expect(CRM.entity(plural: entity.plural) == entity)
        }
        #expect(CRM.entity(named: "deals") == nil)
    }

    @Test func `each entity has one act that creates and one that edits, but for fields, which are only defined`() {
        for entity in entities where entity != FieldSet.self {
            let forms = forms(entity)
            // What happens is logged afterwards or scheduled before.
            #expect(forms.count { $0 == "creates" } == (entity == Interaction.self ? 2 : 1), "\(entity.name)")
            // Of a membership nothing is known that could be edited.
            #expect(forms.count { $0 == "edits" } == (entity == CampaignMember.self ? 0 : 1), "\(entity.name)")
            #expect(forms.count { $0 == "archives" } == (entity == Organization.self ? 0 : 1), "\(entity.name)")
        }
    }
}

private func storedNames<E: Entity>(_: E.Type) -> [String] { E.Event.storedNames }
private func eventNames<E: Entity>(_: E.Type) -> [String] {
    E.Event.storedNames.map { String($0.prefix { $0 != "@" }) }
}
private func actNames<E: Entity>(_: E.Type) -> [String] { E.acts.map { "\(E.name).\($0.name)" } }
private func bodies<E: Entity>(_: E.Type) -> [[Field]] { E.acts.map(\.takes) }
private func forms<E: Entity>(_: E.Type) -> [String] { E.acts.map { "\($0.form)" } }
private func refusals<E: Entity>(_: E.Type) -> [(String, String)] {
    E.Rejection.allCases.map { ($0.rawValue, $0.detail) }
}
