import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct TagTests {
    static let vip = UUID.number(41), north = UUID.number(42)
    static let defined = Tag.Event.defined(Record(["name": "VIP", "colour": "red"]))

    // MARK: The tag itself

    @Test func `a tag is renamed and recoloured, each told by itself`() throws {
        try given(Tag.self, Self.defined).when("rename", ["name": " Very  important "])
            .then(.renamed(from: "VIP", name: "Very important"))
        try given(Tag.self, Self.defined).when("recolour", ["color": "Blue"])
            .then(.edited(set: Patch(["colour": "blue"])))
        try given(Tag.self, Self.defined).when("edit", ["name": "Key", "colour": .null])
            .then(.renamed(from: "VIP", name: "Key"), .edited(set: Patch(["colour": .null])))
        try given(Tag.self, Self.defined).when("rename", ["name": "VIP"]).then()
    }
    @Test func `a name is one tag's alone while it is in use, whatever its case`() {
        let claim: Set = [Claim("tag.name", "vip")]
        #expect(Tag.claims(given(Tag.self, Self.defined).state) == claim)
        #expect(Tag.claims(given(Tag.self, Self.defined, .retired).state) == [])
        #expect(Tag.claims(given(Tag.self, Self.defined, .retired, .restored).state) == claim)
    }
    @Test func `a retired tag is not changed, and not put on anything any more`() {
        let retired = given(Tag.self, Self.defined, .retired)
        retired.when(.edit(Patch(["name": "Key"]))).thenRefused(.archived)
        retired.when(.retire).then()
        #expect(Tag.objection(retired.state) != nil)
        #expect(Tag.objection(given(Tag.self, Self.defined).state) == nil)
    }

    // MARK: The tags of a record

    @Test func `a record is tagged once with each tag, and keeps what it has`() throws {
        let account = Account.Event.created(Record(["name": "Acme"]))
        let ids: JSON = [.string(Self.vip.text), .string(Self.north.text)]
        let tagged = Account.Event.tagsChanged(tags: Patch([Self.vip.text: true]))
        try given(Account.self, account, tagged).when("tag", ["tags": ids])
            .then(.tagsChanged(tags: Patch([Self.north.text: true])))
        try given(Account.self, account, tagged).when("untag", ["tags": ids])
            .then(.tagsChanged(tags: Patch([Self.vip.text: .null])))
        try given(Account.self, account, tagged, .archived).when("untag", ["tags": ids]).thenRefused(.archived)
    }
    @Test func `what has a state of its own besides its fields is tagged like the rest`() throws {
        let deal = Deal.Event.opened(Record(["title": "Pump"]))
        try given(Deal.self, deal).when("tag", ["tags": [.string(Self.vip.text)]])
            .then(.tagsChanged(tags: Patch([Self.vip.text: true])))
    }
    @Test(arguments: entities.filter { Subjects.all.contains($0.name) }.map { $0.name })
    func `whatever others may be about can be tagged`(name: String) {
        #expect(CRM.entity(named: name) is any Taggable.Type)
    }
    @Test func `the schema of what tells tags says what they are`() {
        for entity in entities.compactMap({ $0 as? any Taggable.Type }) {
            let shape = entity.eventShapes.first { $0.type == "\(entity.name).tags_changed" }
            #expect(shape?.members.map(\.name) == ["tags"], "\(entity.name)")
            #expect(shape?.members.first?.isPersonal == false)
        }
    }
}
