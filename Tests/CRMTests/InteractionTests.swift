import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct InteractionTests {
    static let deal = UUID.number(31), ann = UUID.number(32), lee = UUID.number(33), seller = UUID.number(34)
    static func subject(_ entity: String, _ id: UUID) -> JSON { ["entity": .string(entity), "id": .string(id.text)] }
    static func participants(_ people: [(UUID, String)]) -> JSON {
        .object(Dictionary(people.map { ($0.text, ["entity": .string($1)]) }) { $1 })
    }

    // MARK: Whose words are they?

    @Test func `an e-mail is its customer's, and what a stranger wrote is nobody's`() {
        func person(
            _ kind: String, _ people: [(UUID, String, String)], about subject: JSON, with contact: UUID? = nil
        ) -> UUID? {
            let participants = people.map {
                ($0.text, ["entity": .string($1), "role": .string($2)] as JSON)
            }
            var fields: [String: JSON] = [
                "kind": .string(kind), "subject": subject, "participants": .object(Dictionary(participants) { $1 }),
            ]
            fields["contact_id"] = contact.map { .string($0.text) }
            return Interaction.person(.active(Interaction.Content(fields: Record(fields))))
        }
        let (deal, ann, lee, seller) = (Self.deal, Self.ann, Self.lee, Self.seller)
        let (aboutDeal, aboutLee) = (Self.subject("deal", deal), Self.subject("contact", lee))
        #expect(person("email", [(ann, "lead", "from"), (lee, "contact", "to")], about: aboutLee, with: lee) == ann)
        #expect(person("meeting", [(ann, "lead", "from"), (lee, "contact", "to")], about: aboutLee) == lee)
        #expect(person("email", [(seller, "member", "from"), (lee, "contact", "to")], about: aboutDeal) == lee)
        #expect(person("email", [(seller, "member", "from")], about: aboutDeal) == seller)
        #expect(person("email", [(seller, "member", "to")], about: Self.subject("member", seller)) == nil)
        #expect(person("call", [(seller, "member", "to")], about: Self.subject("member", seller)) == seller)
    }

    // MARK: Logging

    @Test func `a call is logged with what was said`() throws {
        let body: [String: JSON] = [
            "type": "Call", "subject": Self.subject("Deal", Self.deal), "duration": 12, "direction": "inbound",
            "summary": "Asked for a price", "details": "Wants it\nby Friday", "occurred_at": "2016-12-24T18:00:00Z",
        ]
        try given(Interaction.self).when("log", body)
            .then(
                .logged(
                    Record([
                        "kind": "call", "subject": Self.subject("deal", Self.deal), "duration_minutes": 12,
                        "direction": "inbound", "title": "Asked for a price", "text": "Wants it\nby Friday",
                    ])))
    }
    @Test func `an event of a platform has a name, and whatever else the platform tells`() throws {
        let body: [String: JSON] = [
            "kind": "platform_event", "subject": Self.subject("account", Self.deal), "name": "Ticket closed",
            "attributes": ["resource": "Value 2", "steps": [1, ["deep": true]], "gone": .null],
        ]
        try given(Interaction.self).when("log", body)
            .then(
                .logged(
                    Record([
                        "kind": "platform_event", "subject": Self.subject("account", Self.deal),
                        "name": "Ticket closed", "attributes": ["resource": "Value 2", "steps": [1, ["deep": true]]],
                    ])))
    }
    @Test func `a contact that is named stays, whomever it is about then`() {
        let logged = Interaction.Event.logged(
            Record([
                "kind": "call", "subject": Self.subject("contact", Self.ann), "contact_id": .string(Self.ann.text),
            ]))
        let about = Self.subject("deal", Self.deal)
        given(Interaction.self, logged)
            .when(.edit(Patch(["subject": about, "contact_id": .string(Self.ann.text)])))
            .then(.corrected(set: Patch(["subject": about]), subject: SubjectRef("deal", Self.deal)))
        given(Interaction.self, logged).when(.edit(Patch(["subject": about]))).then(
            .corrected(set: Patch(["subject": about, "contact_id": .null]), subject: SubjectRef("deal", Self.deal)))
    }
    @Test func `what happened is logged once`() throws {
        let call = Interaction.Event.logged(Record(["kind": "call"]))
        given(Interaction.self, call).when(.log(Record(["kind": "call"]))).thenRefused(.exists)
    }

    @Test func `whom it was with is whom it is about, or the only contact who took part`() throws {
        let about: [String: JSON] = ["kind": "call", "subject": Self.subject("contact", Self.ann)]
        var logged = about
        logged["contact_id"] = .string(Self.ann.text)
        try given(Interaction.self).when("log", about).then(.logged(Record(logged)))

        let with: [String: JSON] = [
            "kind": "call", "subject": Self.subject("deal", Self.deal),
            "participants": Self.participants([(Self.ann, "contact"), (Self.seller, "member")]),
        ]
        logged = with
        logged["contact_id"] = .string(Self.ann.text)
        // Who took part is put right, and with it whom it was with; nothing follows where somebody said whom.
        try given(Interaction.self, .logged(Record(logged)))
            .when("edit", ["participants": .object([Self.lee.text: ["entity": "contact"], Self.ann.text: .null])])
            .then(
                .corrected(
                    set: Patch([
                        "participants": .object([Self.lee.text: ["entity": "contact"], Self.ann.text: .null]),
                        "contact_id": .string(Self.lee.text),
                    ]), subject: SubjectRef("deal", Self.deal)))
        logged["contact_id"] = .string(Self.lee.text)
        try given(Interaction.self, .logged(Record(logged)))
            .when("edit", ["participants": .object([Self.ann.text: .null])])
            .then(
                .corrected(
                    set: Patch(["participants": .object([Self.ann.text: .null])]),
                    subject: SubjectRef("deal", Self.deal)))
    }

    // MARK: Scheduling

    static let plan: [String: JSON] = [
        "kind": "meeting", "subject": subject("deal", deal), "scheduled_at": "2017-03-01T09:00:00.000000Z",
        "participants": participants([(ann, "contact")]), "contact_id": .string(ann.text),
    ]
    static let about = SubjectRef("deal", deal)
    let planned = Interaction.Event.scheduled(Record(plan))
    static func at(_ text: String) -> Instant { Instant(text) ?? Scene.now }

    @Test func `what is to take place is scheduled, moved, and takes place when it was to`() throws {
        try given(Interaction.self).when("schedule", Self.plan).then(planned)
        try given(Interaction.self, planned).when("reschedule", ["scheduled_at": "2017-03-01T11:00:00Z"])
            .then(
                .rescheduled(
                    from: Self.at("2017-03-01T09:00:00Z"), scheduled_at: Self.at("2017-03-01T11:00:00Z"),
                    subject: Self.about))
        try given(Interaction.self, planned).when("complete", ["text": "Agreed", "duration": 45])
            .then(
                .completed(
                    happened_at: Self.at("2017-03-01T09:00:00Z"),
                    set: Patch(["text": "Agreed", "duration_minutes": 45]), subject: Self.about,
                    participants: Record([Self.ann.text: ["entity": "contact"]])))
    }
    @Test func `what takes place before its time happens now, and nothing happens in the future`() throws {
        let late = Interaction.Event.rescheduled(
            from: nil, scheduled_at: Self.at("2017-03-05T09:00:00Z"), subject: Self.about)
        let people = Record([Self.ann.text: ["entity": "contact"]])
        given(Interaction.self, planned, late).when(.complete(at: nil, Patch()))
            .then(.completed(happened_at: Scene.now, set: Patch(), subject: Self.about, participants: people))
        given(Interaction.self, planned).when(.complete(at: Self.at("2017-03-02T09:00:00Z"), Patch()))
            .thenRefused(.inFuture)
        given(Interaction.self, .logged(Record(["kind": "call"])))
            .when(.correct(Patch(["happened_at": "2017-03-02T09:00:00.000000Z"]))).thenRefused(.inFuture)
    }
    @Test func `what is called off says why, and neither takes place nor is called off for another reason`() {
        let off = Interaction.Event.cancelled(cancel_reason: "Ill", subject: Self.about)
        given(Interaction.self, planned).when(.cancel(reason: "Ill")).then(off)
        given(Interaction.self, planned, off).when(.cancel(reason: nil)).then()
        given(Interaction.self, planned, off).when(.cancel(reason: "Late")).thenRefused(.notScheduled)
        given(Interaction.self, planned, off).when(.complete(at: nil, Patch())).thenRefused(.notScheduled)
        given(Interaction.self, .logged(Record(["kind": "call"]))).when(.cancel(reason: nil))
            .thenRefused(.notScheduled)
    }
    @Test func `a plan is edited, what took place is corrected`() throws {
        try given(Interaction.self, planned).when("edit", ["location": "Room 4"])
            .then(.edited(set: Patch(["location": "Room 4"])))
        try given(Interaction.self, .logged(Record(["kind": "call", "text": "Yse"]))).when("edit", ["text": "Yes"])
            .then(.corrected(set: Patch(["text": "Yes"]), subject: nil))
        try given(Interaction.self, .logged(Record(["kind": "call"])))
            .when("correct", ["occurred_at": "2017-02-28T10:00:00Z"])
            .then(.corrected(set: Patch(["happened_at": "2017-02-28T10:00:00.000000Z"]), subject: nil))
        given(Interaction.self, planned).when(.correct(Patch(["text": "No"]))).thenRefused(.notCompleted)
        given(Interaction.self, planned).when(.edit(Patch(["scheduled_at": .null]))).thenRefused(.timeMissing)
        given(Interaction.self, planned).when(.edit(Patch(["kind": "platform_event", "name": "Joined"])))
            .thenRefused(.notPlannable)
        given(Interaction.self, planned).when(.edit(Patch(["kind": "platform_event"]))).thenRefused(.notPlannable)
        try given(Interaction.self).when("schedule", Self.plan.merging(["kind": "platform_event"]) { $1 })
            .thenRefused(.notPlannable)
    }

    // MARK: What is refused?

    @Test func `an event of a platform says what happened, and nothing else has a name`() {
        given(Interaction.self).when(.log(Record(["kind": "platform_event"]))).thenRefused(.nameMissing)
        given(Interaction.self).when(.log(Record(["kind": "call", "name": "Ring"]))).thenRefused(.nameMisplaced)
    }
    @Test(
        arguments: [
            ["kind": "call"], ["subject": subject("deal", deal)], ["kind": "fax", "subject": subject("deal", deal)],
            ["kind": "call", "subject": subject("organization", deal)],
            ["kind": "call", "subject": .string(deal.text)],
            ["kind": "call", "subject": ["entity": "deal"]], ["kind": "call", "subject": .null],
            ["kind": "call", "subject": subject("deal", deal), "participants": participants([(ann, "account")])],
            ["kind": "call", "subject": subject("deal", deal), "participants": [.string(ann.text)]],
            ["kind": "call", "subject": subject("deal", deal), "attributes": "all"],
        ] as [[String: JSON]])
    func `a body that is not understood is not taken`(body: [String: JSON]) {
        #expect(throws: Flaw.self) { try given(Interaction.self).when("log", body) }
    }

    // MARK: Of whom does it tell?

    @Test func `what is said is sealed under the key of the person it is about, or else of the only contact there`() {
        func person(_ values: [String: JSON]) -> UUID? { Interaction.person(.active(.init(fields: Record(values)))) }
        let (both, one) = (
            Self.participants([(Self.ann, "contact"), (Self.lee, "contact"), (Self.seller, "member")]),
            Self.participants([(Self.ann, "contact"), (Self.seller, "member")])
        )
        #expect(person(["subject": Self.subject("contact", Self.lee), "participants": one]) == Self.lee)
        #expect(person(["subject": Self.subject("deal", Self.deal), "participants": one]) == Self.ann)
        #expect(person(["subject": Self.subject("deal", Self.deal), "participants": both]) == nil)
        #expect(person(["subject": Self.subject("deal", Self.deal)]) == nil)
        #expect(Interaction.person(.absent) == nil)
    }
    @Test func `a body names the records that must be there`() throws {
        let takes = try #require(Interaction.acts.first).takes
        let body: [String: JSON] = [
            "kind": "call", "subject": Self.subject("deal", Self.deal),
            "participants": Self.participants([(Self.ann, "contact")]), "owner_id": .string(Self.seller.text),
        ]
        let named = Set(takes.mentions(in: body).map { "\($0.pointer) \($0.entity) \($0.id.text)" })
        #expect(
            named == [
                "/subject/id deal \(Self.deal.text)", "/participants/\(Self.ann.text) contact \(Self.ann.text)",
                "/owner_id member \(Self.seller.text)",
            ])
    }
}
