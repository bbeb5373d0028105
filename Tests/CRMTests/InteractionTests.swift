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
    @Test func `what happened is logged once`() throws {
        let call = Interaction.Event.logged(Record(["kind": "call"]))
        given(Interaction.self, call).when(.log(Record(["kind": "call"]))).thenRefused(.exists)
    }

    // MARK: What is refused?

    @Test func `an event of a platform says what happened, and nothing else has a name`() {
        given(Interaction.self).when(.log(Record(["kind": "platform_event"]))).thenRefused(.nameMissing)
        given(Interaction.self).when(.log(Record(["kind": "call", "name": "Ring"]))).thenRefused(.nameMisplaced)
    }
    @Test(
        arguments: [
            ["kind": "call"], ["subject": subject("deal", deal)], ["kind": "fax", "subject": subject("deal", deal)],
            ["kind": "call", "subject": subject("organization", deal)], ["kind": "call", "subject": .string(deal.text)],
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
        func person(_ values: [String: JSON]) -> UUID? { Interaction.person(.logged(Record(values))) }
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
