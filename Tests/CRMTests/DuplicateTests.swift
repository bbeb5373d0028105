import CRM
import DomainTesting
import Foundation
import Kernel
import Testing

/// Two records that only look the same.
@Suite struct DuplicateTests {
    private let ada: Contact.Event = .created(Record(["first_name": "Ada", "status": "active"]))
    private let twin = SubjectRef("contact", UUID.number(77))
    private let lead = SubjectRef("lead", UUID.number(78))

    @Test func `whoever says that another only looks the same is believed until it is taken back`() throws {
        try given(Contact.self, ada).when("dismiss_duplicate", ["other": twin.json])
            .then(.duplicateDismissed(other: twin))
            .when("dismiss_duplicate", ["other": lead.json]).then(.duplicateDismissed(other: lead))
            .when("dismiss_duplicate", ["other": twin.json]).then()
            .when("reconsider_duplicate", ["other": twin.json]).then(.duplicateReconsidered(other: twin))
            .when("reconsider_duplicate", ["other": twin.json]).then()
            .when("dismiss_duplicate", ["other": twin.json]).then(.duplicateDismissed(other: twin))
    }

    @Test func `the other is told, and tells nobody in turn`() {
        let body: [String: JSON] = ["other": SubjectRef("contact", Scene.id).json, "dismissed": true]
        #expect(
            steps(.dismiss(lead), deciding: .duplicateDismissed(other: lead)) == [
                Step(Lead.self, lead.id, "hear_of_duplicate", body, from: "other")
            ])
        #expect(
            steps(.reconsider(twin), deciding: .duplicateReconsidered(other: twin)) == [
                Step(
                    Contact.self, twin.id, "hear_of_duplicate", body.merging(["dismissed": false]) { $1 }, from: "other"
                )
            ])
        #expect(
            steps(.hear(of: twin, isDismissed: true), deciding: .duplicateDismissed(other: twin)) == [])
        given(Contact.self, ada).when(.merging(.hear(of: lead, isDismissed: true)))
            .then(.duplicateDismissed(other: lead))
            .when(.merging(.hear(of: lead, isDismissed: false))).then(.duplicateReconsidered(other: lead))
    }
    private func steps(_ wish: Merging, deciding event: Contact.Event) -> [Step] {
        Contact.steps(.merging(wish), given: Contact.state(after: [ada]), deciding: [event], of: Scene.id)
    }

    @Test func `a record is itself, and what is put away is not told apart any more, only again`() throws {
        let other = SubjectRef("contact", Scene.id)
        given(Contact.self, ada).when(.merging(.dismiss(other))).thenRefused(.duplicateOfItself)
        given(Contact.self, ada, .archived).when(.merging(.dismiss(twin))).thenRefused(.archived)
        given(Contact.self, ada, .merged(into: lead.id)).when(.merging(.dismiss(twin))).thenRefused(.merged)
        given(Contact.self).when(.merging(.reconsider(twin))).thenRefused(.absent)
        given(Contact.self, ada, .duplicateDismissed(other: twin), .archived).when(.merging(.reconsider(twin)))
            .then(.duplicateReconsidered(other: twin))
        #expect(throws: Flaw.self) {
            try given(Account.self).when("dismiss_duplicate", ["other": lead.json])
        }
    }

    @Test func `no answer and no merge has what was dismissed`() throws {
        let dismissed = given(Contact.self, ada, .duplicateDismissed(other: lead))
        #expect(Contact.record(dismissed.state) == Contact.record(given(Contact.self, ada).state))
        let loser = Other(Contact.self, twin.id, [ada, .duplicateDismissed(other: lead)])
        try given(Contact.self, ada, with: [loser]).when("merge", ["loser": .string(twin.id.text)])
            .then(.tookOver(loser: twin.id, took: nil, along: nil))
        #expect(dismissed.when(.merging(.dismiss(lead))).then().state == dismissed.state)
    }
}
