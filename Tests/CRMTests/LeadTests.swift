import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct LeadTests {
    static let owner = UUID.number(9), acme = UUID.number(21), ann = UUID.number(22), pumps = UUID.number(23)
    let captured = Lead.Event.captured(
        Record([
            "first_name": "Ada", "last_name": "Quist", "company": "Acme", "email": "ada@acme.org", "status": "open",
            "website": "https://acme.org", "source": "website", "score": 70, "owner_id": .string(owner.text),
            "amount": ["minor": 105_400, "currency": "EUR"],
        ]))
    var ada: Given<Lead> { given(Lead.self, captured) }

    // MARK: Coming in

    @Test func `a lead is somebody who can be told from others`() throws {
        try given(Lead.self).when("capture", ["email": "Ann@X.org", "lead_source": "fair"])
            .then(.captured(Record(["email": "ann@x.org", "source": "fair", "status": "open"])))
        try given(Lead.self).when("capture", ["source": "fair"]).thenRefused(.nameMissing)
        try given(Lead.self, .captured(Record(["email": "ann@x.org"]))).when("edit", ["email": .null])
            .thenRefused(.nameMissing)
        try ada.when("capture", ["company": "Acme"]).thenRefused(.exists)
    }
    @Test func `a lead is qualified, turned away with a reason, and looked at anew`() throws {
        let good = try ada.when("qualify").then(.qualified(from: "open"))
        try good.when("qualify").then()
        let away = try good.when("disqualify", ["reason": "No budget"])
            .then(.disqualified(from: "qualified", disqualified_reason: "No budget"))
        #expect(Lead.record(away.state)?.text("disqualified_reason") == "No budget")
        try away.when("disqualify", ["reason": "No time"])
            .then(.disqualified(from: "disqualified", disqualified_reason: "No time"))
        try away.when("convert").thenRefused(.isDisqualified)
        let anew = try away.when("reopen").then(.reopened(from: "disqualified"))
        #expect(Lead.record(anew.state)?["disqualified_reason"] == nil)
        #expect(throws: Flaw.self) { try ada.when("disqualify") }
    }
    @Test func `an edit tells the owner and what is planned by their own events`() throws {
        let other = UUID.number(8)
        let next = Instant(microseconds: Scene.now.microseconds + 1_000_000)
        try ada.when(
            "edit",
            [
                "owner_id": .string(other.text), "follow_up_at": .string(next.text), "score": 80, "company": "Acme",
            ]
        ).then(
            .assigned(from: Self.owner, owner_id: other), .followUpPlanned(from: nil, next_follow_up_at: next),
            .edited(set: Patch(["score": 80])))
    }

    // MARK: Becoming something

    /// The steps of a conversion.
    private func steps(_ body: [String: JSON], of lead: Given<Lead>? = nil) throws -> [Step] {
        let state = (lead ?? ada).state
        let act = try #require(Lead.acts.first { $0.name == "convert" })
        let command = try act.make(try act.normal(body))
        let events = try Lead.decide(command, given: state, in: Scene.context())
        return Lead.steps(command, given: state, deciding: events, of: Scene.id)
    }

    @Test func `a lead becomes an account and a contact, and a deal where one is asked for`() throws {
        let (account, contact, deal) = (UUID.number(1), UUID.number(2), UUID.number(3))
        try ada.when("convert").then(
            .converted(from: "open", account_id: account, contact_id: contact, deal_id: nil))
        try ada.when("convert", ["deal": ["title": "Ten pumps"]]).then(
            .converted(from: "open", account_id: account, contact_id: contact, deal_id: deal))
        let owner = JSON.string(Self.owner.text)
        let expected = [
            Step(
                Account.self, account, "create",
                ["name": "Acme", "website": "https://acme.org", "owner_id": owner, "lifecycle": "prospect"],
                from: "account"),
            Step(
                Contact.self, contact, "create",
                [
                    "first_name": "Ada", "last_name": "Quist", "emails": ["ada@acme.org"], "lead_source": "website",
                    "lead_score": 70, "owner_id": owner,
                    "affiliations": [["account_id": .string(account.text)]],
                ], from: "contact"),
            Step(
                Deal.self, deal, "open",
                [
                    "title": "Ten pumps", "amount": ["minor": 105_400, "currency": "EUR"], "source": "website",
                    "owner_id": owner, "account_id": .string(account.text), "primary_contact_id": .string(contact.text),
                ], from: "deal"),
        ]
        #expect(try steps(["deal": ["title": "Ten pumps"]]) == expected)
    }
    @Test func `what is described stands before what the lead tells`() throws {
        let made = try steps(["account": ["name": "Acme Group"], "contact": ["title": "Dr"], "deal": [:]])
        #expect(made.map(\.body["name"]) == ["Acme Group", nil, nil])
        #expect(made[1].body["title"] == "Dr")
        #expect(made[2].body["title"] == "Acme")
    }
    @Test func `a lead becomes part of what is there, and nothing of that is written over`() throws {
        let others = [
            Other(Account.self, Self.acme, [.created(Record(["name": "Acme"]))]),
            Other(Contact.self, Self.ann, [.created(Record(["last_name": "Lee"]))]),
        ]
        let body: [String: JSON] = ["account_id": .string(Self.acme.text), "contact_id": .string(Self.ann.text)]
        let became = try given(Lead.self, captured, with: others).when("convert", body).then(
            .converted(from: "open", account_id: Self.acme, contact_id: Self.ann, deal_id: nil))
        #expect(
            try steps(body) == [
                Step(Contact.self, Self.ann, "affiliate", ["account_id": .string(Self.acme.text)], from: "contact_id")
            ])
        #expect(Lead.record(became.state)?.id("contact_id") == Self.ann)
        try became.when("convert", body).then()
        try became.when("convert").then()
        try became.when("convert", ["account_id": .string(Self.pumps.text)]).thenRefused(.isConverted)
        try became.when("edit", ["score": 3]).thenRefused(.isConverted)
        try became.when("archive").then(.archived)
        #expect(try steps(body, of: became) == [])
    }
    @Test func `what is put away, or named and described at once, a lead does not become`() throws {
        let away = [
            Other(Account.self, Self.acme, [.created(Record(["name": "Acme"])), .archived]),
            Other(Contact.self, Self.ann, [.created(Record(["last_name": "Lee"])), .archived]),
            Other(Deal.self, Self.pumps, [.opened(Record(["title": "Pumps"])), .archived]),
        ]
        let lead = given(Lead.self, captured, with: away)
        try lead.when("convert", ["account_id": .string(Self.acme.text)]).thenRefused(.accountArchived)
        try lead.when("convert", ["contact_id": .string(Self.ann.text)]).thenRefused(.contactArchived)
        try lead.when("convert", ["deal_id": .string(Self.pumps.text)]).thenRefused(.dealArchived)
        try lead.when("convert", ["account_id": .string(Self.acme.text), "account": [:]]).thenRefused(.accountTwice)
        try lead.when("convert", ["contact_id": .string(Self.ann.text), "contact": [:]]).thenRefused(.contactTwice)
        try lead.when("convert", ["deal_id": .string(Self.pumps.text), "deal": [:]]).thenRefused(.dealTwice)
        try given(Lead.self, .captured(Record(["phone": "+442079460018"]))).when("convert")
            .thenRefused(.nothingToBecome)
    }
    @Test func `a lead that was converted elsewhere became what is named, and nothing is made or changed beside it`()
        throws
    {
        let others = [
            Other(Account.self, Self.acme, [.created(Record(["name": "Acme"])), .archived]),
            Other(Contact.self, Self.ann, [.created(Record(["last_name": "Lee"]))]),
            Other(Deal.self, Self.pumps, [.opened(Record(["title": "Pumps"]))]),
        ]
        let lead = given(Lead.self, captured, with: others)
        var body: [String: JSON] = ["only_named": true, "contact_id": .string(Self.ann.text)]
        let known = try lead.when("convert", body).then(
            .converted(from: "open", account_id: nil, contact_id: Self.ann, deal_id: nil))
        #expect(try steps(body, of: lead) == [])
        // What else it became may be told later, and only once.
        body["account_id"] = .string(Self.acme.text)
        body["deal_id"] = .string(Self.pumps.text)
        let whole = try known.when("convert", body).then(
            .converted(from: "converted", account_id: Self.acme, contact_id: Self.ann, deal_id: Self.pumps))
        try whole.when("convert", body).then()
        try whole.when("convert", ["only_named": true]).then()
        try whole.when("convert", ["only_named": true, "contact_id": .string(Self.pumps.text)])
            .thenRefused(.isConverted)
        try lead.when("convert", ["only_named": true, "deal": [:]]).thenRefused(.describedToo)
        // What it says already may be said again.
        try whole.when("edit", ["company": "Acme", "score": 70]).then()
        try whole.when("edit", ["score": 3]).thenRefused(.isConverted)
    }
    @Test func `a lead that became who was merged since became the one who stands for both`() throws {
        let other = UUID.number(24)
        let others = [Other(Contact.self, Self.ann, [.created(Record(["last_name": "Lee"])), .merged(into: other)])]
        let lead = given(
            Lead.self, captured, .converted(from: "open", account_id: nil, contact_id: Self.ann, deal_id: nil),
            with: others)
        try lead.when("convert", ["only_named": true, "contact_id": .string(other.text)]).then()
    }
    @Test func `a person without a company becomes a contact alone`() throws {
        let person = given(Lead.self, .captured(Record(["last_name": "Lee", "website": "https://lee.org"])))
        try person.when("convert").then(
            .converted(from: "open", account_id: nil, contact_id: .number(1), deal_id: nil))
        #expect(try steps([:], of: person).map(\.body) == [["last_name": "Lee", "website": "https://lee.org"]])
    }
    @Test func `what tells of a person without a company does not come to stand in clear on an account`() throws {
        let person = given(
            Lead.self,
            .captured(
                Record([
                    "last_name": "Lee", "website": "https://lee.org", "address": ["street": "Elm 1"], "industry": "Art",
                ])))
        let made = try steps(["account": ["name": "Gallery"]], of: person)
        #expect(made[0].body == ["name": "Gallery", "industry": "Art", "lifecycle": "prospect"])
        #expect(made[1].body["website"] == "https://lee.org")
        let company = given(
            Lead.self, .captured(Record(["company": "Gallery", "email": "a@b.cd", "address": ["street": "Elm 1"]])))
        #expect(try steps([:], of: company)[0].body["billing_address"] == ["street": "Elm 1"])
    }
}
