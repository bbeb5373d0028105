import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct AccountTests {
    let created = Account.Event.created(Record(["name": "Acme", "lifecycle": "lead", "slug": "acme"]))
    var acme: Given<Account> { given(Account.self, created) }
    static let parent = UUID.number(1), grandparent = UUID.number(2)
    static func account(_ id: UUID, under parent: UUID?) -> Other {
        Other(Account.self, id, [.created(Record(["name": "x"])), .parentChanged(from: nil, parent_id: parent)])
    }

    @Test func `an account is a lead until something else is said`() throws {
        try given(Account.self).when("create", ["name": "Acme", "slug": "ACME"]).then(created)
        try given(Account.self).when("create", ["name": "Acme", "status": "customer"])
            .then(.created(Record(["name": "Acme", "lifecycle": "customer"])))
        try acme.when("create", ["name": "Acme"]).thenRefused(.exists)
    }
    @Test func `an edit tells owner, lifecycle and parent by their own events, the rest by one`() {
        let owner = UUID.number(9)
        let patch = Patch([
            "owner_id": .string(owner.text), "lifecycle": "prospect", "parent_id": .string(Self.parent.text),
            "name": "Acme Ltd", "contacted": true,
        ])
        given(Account.self, created, with: [Self.account(Self.parent, under: nil)]).when(.edit(patch)).then(
            .assigned(from: nil, owner_id: owner), .lifecycleChanged(from: "lead", lifecycle: "prospect"),
            .parentChanged(from: nil, parent_id: Self.parent),
            .contacted(contacted: true, last_contacted_on: Scene.today), .edited(set: Patch(["name": "Acme Ltd"])))
    }
    @Test func `an edit of what is so already decides nothing`() {
        acme.when(.edit(Patch(["name": "Acme", "lifecycle": "lead", "industry": .null]))).then()
    }
    @Test func `verbs set one field`() throws {
        let owner = UUID.number(9)
        try acme.when("assign", ["owner_id": .string(owner.text)]).then(.assigned(from: nil, owner_id: owner))
        try acme.when("change_lifecycle", ["status": "churned"]).then(
            .lifecycleChanged(from: "lead", lifecycle: "churned"))
        #expect(throws: Flaw.self) { try acme.when("assign") }
        #expect(throws: Flaw.self) { try acme.when("edit", ["lifecycle": .null]) }
    }
    @Test func `an account stands under another, or alone`() throws {
        let under = try given(Account.self, created, with: [Self.account(Self.parent, under: Self.grandparent)])
            .when("set_parent", ["parent_id": .string(Self.parent.text)])
            .then(.parentChanged(from: nil, parent_id: Self.parent))
        try under.when("set_parent", ["parent_id": .null]).then(.parentChanged(from: Self.parent, parent_id: nil))
        try acme.when("set_parent").then()
    }
    @Test func `no account stands under itself, however long the chain`() throws {
        let others = [
            Self.account(Self.parent, under: Self.grandparent), Self.account(Self.grandparent, under: Scene.id),
        ]
        let below = given(Account.self, created, with: others)
        try below.when("set_parent", ["parent_id": .string(Self.parent.text)]).thenRefused(.parentCycle)
        try below.when("edit", ["parent_id": .string(Scene.id.text)]).thenRefused(.parentCycle)
        try given(Account.self, with: others).when("create", ["name": "x", "parent_id": .string(Self.parent.text)])
            .thenRefused(.parentCycle)
    }
    @Test func `a cycle that is there already does not hang a decision`() throws {
        let others = [
            Self.account(Self.parent, under: Self.grandparent), Self.account(Self.grandparent, under: Self.parent),
        ]
        try given(Account.self, created, with: others).when("set_parent", ["parent_id": .string(Self.parent.text)])
            .then(.parentChanged(from: nil, parent_id: Self.parent))
    }
    @Test func `one speaks with an account once a day, and plans when to do so again`() throws {
        let next = Instant(microseconds: Scene.now.microseconds + 86_400_000_000)
        let spoken = try acme.when("mark_contacted", ["next_follow_up_at": .string(next.text)]).then(
            .contacted(contacted: true, last_contacted_on: Scene.today),
            .followUpPlanned(from: nil, next_follow_up_at: next))
        try spoken.when("mark_contacted").then()
        try spoken.when("plan_follow_up").then(.followUpPlanned(from: next, next_follow_up_at: nil))
        try spoken.when("edit", ["contacted": false]).then(.contacted(contacted: false, last_contacted_on: nil))
        let before = Day(number: Scene.today.number - 1)
        given(Account.self, created, .contacted(contacted: true, last_contacted_on: before))
            .when(.followUp(.contacted(next: nil)))
            .then(.contacted(contacted: true, last_contacted_on: Scene.today))
    }
    @Test func `whom one turns to first works with the account`() throws {
        let (ann, bob) = (UUID.number(11), UUID.number(12))
        func contact(_ id: UUID, _ affiliation: JSON) -> Other {
            let entry = JSON.object([Scene.id.text: affiliation])
            return Other(Contact.self, id, [.created(Record(["last_name": "x", "affiliations": entry]))])
        }
        let acme = given(
            Account.self, created, with: [contact(ann, ["primary": true]), contact(bob, ["to": "2016-01-01"])])
        let first = try acme.when("set_primary_contact", ["contact_id": .string(ann.text)])
            .then(.primaryContactChanged(from: nil, primary_contact_id: ann))
        try acme.when("set_primary_contact", ["contact_id": .string(bob.text)]).thenRefused(.notAffiliated)
        try first.when("set_primary_contact").then(.primaryContactChanged(from: ann, primary_contact_id: nil))
    }
    @Test func `the slug is its alone until it is archived`() {
        #expect(Account.claims(acme.state) == [Claim("account.slug", "acme")])
        #expect(Account.claims(given(Account.self, created, .archived).state) == [])
    }
    @Test func `fields an organization defined are changed one by one`() {
        let colour = Account.Event.edited(set: Patch(["custom": ["colour": "red", "year": 1996]]))
        given(Account.self, created, colour).when(.edit(Patch(["custom": ["colour": "red", "year": .null]])))
            .then(.edited(set: Patch(["custom": ["year": .null]])))
    }
    @Test func `an archived account changes only after it is restored`() {
        let away = given(Account.self, created, .archived)
        away.when(.edit(Patch(["name": "x"]))).thenRefused(.archived)
        away.when(.archive).then()
        away.when(.restore).then(.restored)
        acme.when(.restore).then()
        given(Account.self).when(.edit(Patch())).thenRefused(.absent)
    }
    @Test func `an address is replaced as a whole`() throws {
        let moved = try acme.when("edit", ["billing_address": ["city": "Paris", "country": "France"]])
            .then(.edited(set: Patch(["billing_address": ["city": "Paris", "country": "France"]])))
        try moved.when("edit", ["billing_address": ["city": "Lyon"]])
            .then(.edited(set: Patch(["billing_address": ["city": "Lyon"]])))
    }
}
