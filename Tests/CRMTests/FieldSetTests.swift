import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct FieldSetTests {
    static let id = FieldSet.id(of: "account")
    static let year = FieldSet.Definition(label: "Year established", type: .number)
    func set(_ events: FieldSet.Event...) -> Given<FieldSet> { given(FieldSet.self, events, id: Self.id) }
    let defined = FieldSet.Event.defined(fields: ["year_established": year])

    @Test func `the fields of an entity are defined in one stream whose id is known`() {
        #expect(FieldSet.id(of: "deal").text == "6669656c-6473-8a64-a561-6c0000000000")
        #expect(Set(FieldSet.customizable).isSuperset(of: ["account", "contact", "product", "deal"]))
        given(FieldSet.self, id: Scene.id).when(.define(entity: "account", key: "a", Self.year)).thenRefused(.misplaced)
    }
    @Test func `every kind of record takes fields of an organization's own, but for a few that have a reason`() {
        let without = [
            "organization": "There is one, and no list of it: it is what the product itself is set by.",
            "rate": "A number of a day and a currency; who wants to say more of it writes another kind of record.",
            "campaign_member": "Nothing of it is edited: what becomes of a person in a campaign is told in steps.",
            "field_set": "The definitions themselves.",
        ]
        for entity in entities {
            let takesThem = FieldSet.customizable.contains(entity.name)
            #expect(takesThem == (without[entity.name] == nil), "\(entity.name)")
            for (act, takes) in Self.writing(entity) {
                #expect(takes.contains { $0.kind == .custom } == takesThem, "\(entity.name).\(act)")
            }
        }
        // Their definitions lie in streams of their own, whose ids have room for nine letters.
        #expect(Set(FieldSet.customizable.map(FieldSet.id(of:))).count == FieldSet.customizable.count)
    }
    /// The acts by which a record begins or is edited, and what they take.
    private static func writing<E: Entity>(_: E.Type) -> [(String, [Field])] {
        E.acts.filter { $0.form == .creates || $0.form == .edits }.map { ($0.name, $0.takes) }
    }
    @Test func `a key is made of the label where none is given`() throws {
        let body: [String: JSON] = ["entity": "account", "label": "Year established", "type": "number"]
        try set().when("define", body).then(defined)
        try set().when("define", body.merging(["key": "Year-Established"]) { $1 }).then(defined)
        #expect(throws: Flaw.self) { try set().when("define", body.merging(["label": "日本"]) { $1 }) }
        let long = JSON.string(String(repeating: "x", count: 41))
        #expect(throws: Flaw.self) { try set().when("define", body.merging(["key": long]) { $1 }) }
    }
    @Test func `a choice has words, a reference has an entity`() throws {
        let body: [String: JSON] = ["entity": "account", "label": "Colour"]
        func define(_ more: [String: JSON]) throws -> When<FieldSet> {
            try set().when("define", body.merging(more) { $1 })
        }
        #expect(throws: Flaw.self) { try define(["type": "choice"]) }
        #expect(throws: Flaw.self) { try define(["type": "reference"]) }
        try define(["type": "choices", "choices": ["Red", "red", "Blue"]]).then(
            .defined(fields: ["colour": .init(label: "Colour", type: .choices, choices: ["Red", "Blue"])]))
        try define(["type": "reference", "target": "product"]).then(
            .defined(fields: ["colour": .init(label: "Colour", type: .reference, entity: "product")]))
    }
    @Test func `a definition is revised, its type stays`() throws {
        let named: [String: JSON] = ["entity": "account", "key": "year_established"]
        try set(defined).when("revise", named.merging(["label": "Founded"]) { $1 }).then(
            .revised(fields: ["year_established": .init(label: "Founded", type: .number)]))
        try set(defined).when("revise", named.merging(["choices": ["a"]]) { $1 }).thenRefused(.notAChoice)
        try set().when("revise", named).thenRefused(.keyUnknown)
        set(defined).when(
            .define(entity: "account", key: "year_established", FieldSet.Definition(label: "x", type: .day))
        )
        .thenRefused(.keyTaken)
        set(defined).when(.define(entity: "account", key: "year_established", Self.year)).then()
    }
    @Test func `whether it is required, what its default is and whether it is personal can be revised`() throws {
        let named: [String: JSON] = ["entity": "account", "key": "year_established"]
        func revised(_ definition: FieldSet.Definition) -> FieldSet.Event {
            .revised(fields: ["year_established": definition])
        }
        let changed = revised(
            .init(label: "Year established", type: .number, required: true, default: 1996, personal: true))
        try set(defined).when(
            "revise", named.merging(["required": true, "default": 1996, "personal": true]) { $1 }
        ).then(changed)
        try set(defined, changed).when(
            "revise", named.merging(["required": false, "clear_default": true, "personal": false]) { $1 }
        ).then(revised(.init(label: "Year established", type: .number)))
    }
    @Test func `a default is a value of its field`() throws {
        func define(_ more: [String: JSON]) throws -> When<FieldSet> {
            try set().when(
                "define", ["entity": "account", "label": "A", "key": "a"].merging(more) { $1 })
        }
        try define(["type": "day", "default": "2026-01-05"]).then(
            .defined(fields: ["a": .init(label: "A", type: .day, default: "2026-01-05")]))
        try define(["type": "choice", "choices": ["Red"], "default": "red"]).then(
            .defined(fields: ["a": .init(label: "A", type: .choice, choices: ["Red"], default: "Red")]))
        try define(["type": "day", "default": "soon"]).thenRefused(.defaultUnfit)
        try define(["type": "reference", "target": "product", "default": .string(Scene.id.text)])
            .thenRefused(.defaultUnfit)
        let red = FieldSet.Event.defined(
            fields: ["a": .init(label: "A", type: .choice, choices: ["Red"], default: "Red")])
        try set(red).when("revise", ["entity": "account", "key": "a", "choices": ["Blue"]]).thenRefused(.defaultUnfit)
    }
    @Test func `a retired key comes back with the type it had`() {
        let retired = FieldSet.Event.retired(
            key: "year_established", fields: Patch(["year_established": .null]))
        let retire = FieldSet.Command.retire(entity: "account", key: "year_established")
        set(defined).when(retire).then(retired)
        set(defined, retired).when(retire).then()
        set().when(retire).thenRefused(.keyUnknown)
        set(defined, retired).when(
            .define(entity: "account", key: "year_established", FieldSet.Definition(label: "x", type: .day))
        )
        .thenRefused(.keyTaken)
        set(defined, retired).when(.define(entity: "account", key: "year_established", Self.year)).then(defined)
    }
    @Test func `an entity takes two hundred fields of an organization's own`() {
        let many = Dictionary(uniqueKeysWithValues: (1...200).map { ("field_\($0)", Self.year) })
        set(.defined(fields: many)).when(.define(entity: "account", key: "more", Self.year)).thenRefused(.full)
    }

    // MARK: Values

    static let all = FieldSet.state(after: [
        .defined(fields: [
            "year": .init(label: "Year", type: .number), "note": .init(label: "Note", type: .text, required: true),
            "colour": .init(label: "Colour", type: .choice, choices: ["Red", "Deep Blue"]),
            "tags": .init(label: "Tags", type: .choices, choices: ["A", "B"]),
            "owner": .init(label: "Owner", type: .reference, entity: "member"),
            "fee": .init(label: "Fee", type: .money), "since": .init(label: "Since", type: .day),
            "ok": .init(label: "OK", type: .checkbox), "old": .init(label: "Old", type: .text),
        ]), .retired(key: "old", fields: nil),
    ])

    @Test func `values are brought into the form of their definitions`() {
        var flaws: [Flaw] = []
        let normal = Self.all.normal(
            ["year": 1996, "note": " a  b ", "colour": "deep BLUE", "tags": ["b"], "since": "1996-01-01", "ok": true],
            partial: false, flaws: &flaws)
        #expect(flaws == [])
        #expect(
            normal == [
                "year": 1996, "note": "a b", "colour": "Deep Blue", "tags": ["B"], "since": "1996-01-01", "ok": true,
            ])
    }
    @Test func `a value that does not fit is told with its place`() {
        var flaws: [Flaw] = []
        _ = Self.all.normal(
            ["year": "1996", "colour": "green", "nope": 1, "old": "x"], partial: false, flaws: &flaws)
        #expect(
            Set(flaws.map { "\($0.pointer) \($0.code)" }) == [
                "/custom/year wrong_type", "/custom/colour malformed", "/custom/nope unknown_member",
                "/custom/old unknown_member", "/custom/note required",
            ])
    }
    @Test func `in a patch nothing is missed, null clears, also what was retired`() {
        var flaws: [Flaw] = []
        let normal = Self.all.normal(["year": .null, "old": .null], partial: true, flaws: &flaws)
        #expect(flaws == [])
        #expect(normal == ["year": .null, "old": .null])
        _ = Self.all.normal(["note": .null, "old": "x"], partial: true, flaws: &flaws)
        #expect(Set(flaws.map(\.pointer)) == ["/custom/note", "/custom/old"])
    }
    @Test func `a new record has the defaults that it does not speak of`() {
        let fields = FieldSet.state(after: [
            .defined(fields: [
                "grade": .init(label: "Grade", type: .choice, choices: ["A", "B"], required: true, default: "B"),
                "ok": .init(label: "OK", type: .checkbox, default: true),
            ])
        ])
        var flaws: [Flaw] = []
        #expect(fields.normal([:], partial: false, flaws: &flaws) == ["grade": "B", "ok": true])
        #expect(fields.normal(["grade": "a", "ok": .null], partial: false, flaws: &flaws) == ["grade": "A"])
        #expect(fields.normal(["ok": false], partial: true, flaws: &flaws) == ["ok": false])
        #expect(flaws == [])
        _ = fields.normal(["grade": .null], partial: false, flaws: &flaws)
        #expect(flaws.map(\.pointer) == ["/custom/grade"])
    }
    @Test func `what is referred to can be asked for`() {
        let member = UUID.number(5)
        let mentions = Self.all.fields.mentions(in: ["owner": .string(member.text)], at: "/custom")
        #expect(mentions.map(\.entity) == ["member"])
        #expect(mentions.map(\.pointer) == ["/custom/owner"])
    }
}
