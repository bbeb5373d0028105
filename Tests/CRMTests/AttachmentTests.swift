import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct AttachmentTests {
    static let contact = UUID.number(31)
    static let about = SubjectRef("contact", contact)
    static let subject: JSON = ["entity": "contact", "id": .string(contact.text)]
    static let bytes: [String: JSON] = [
        "media_type": "text/plain", "size": 3, "sha256": "ab", "scan": "pending", "person": subject,
    ]
    static let body = bytes.merging(["filename": "offer.txt", "subject": subject]) { $1 }
    let registered = Attachment.Event.registered(Record(body))

    @Test func `a file is registered once, on a record, under a name`() throws {
        try given(Attachment.self).when("register", Self.body).then(registered)
        given(Attachment.self, registered).when(.register(Record())).thenRefused(.exists)
        for name in ["filename", "subject", "size", "media_type"] {
            var body = Self.body
            body[name] = nil
            #expect(throws: Flaw.self) { try given(Attachment.self).when("register", body) }
        }
    }
    @Test func `what it is called may change, its bytes and where it stands may not`() throws {
        try given(Attachment.self, registered).when("edit", ["filename": "a.txt"])
            .then(.edited(set: Patch(["filename": "a.txt"]), subject: Self.about))
        for name in ["subject", "size", "sha256"] {
            #expect(throws: Flaw.self) { try given(Attachment.self, registered).when("edit", [name: .null]) }
        }
    }
    @Test func `a scan is told once, and again where it says something else`() throws {
        let clean = Attachment.Event.scanned(verdict: "clean", finding: nil, subject: Self.about)
        try given(Attachment.self, registered).when("record_scan", ["verdict": "clean"]).then(clean)
        try given(Attachment.self, registered, clean).when("record_scan", ["verdict": "clean"]).then()
        try given(Attachment.self, registered, clean)
            .when("record_scan", ["verdict": "infected", "finding": "Some.Virus"])
            .then(.scanned(verdict: "infected", finding: "Some.Virus", subject: Self.about))
        given(Attachment.self).when(.recordScan(.clean, finding: nil)).thenRefused(.absent)
    }
    @Test func `a file is put away and taken out again; what was removed stays away`() throws {
        given(Attachment.self, registered).when(.archive).then(.archived(subject: Self.about))
        given(Attachment.self, registered, .archived(subject: Self.about)).when(.restore)
            .then(.restored(subject: Self.about))
        let removed = Attachment.Event.removed(subject: Self.about)
        try given(Attachment.self, registered).when("remove").then(removed)
        given(Attachment.self, registered, removed).when(.restore).thenRefused(.removed)
        given(Attachment.self, registered, removed).when(.edit(Patch(["filename": "b"]))).thenRefused(.removed)
        given(Attachment.self, registered, removed).when(.archive).then()
        given(Attachment.self, registered, removed).when(.recordScan(.clean, finding: nil)).then()
    }
    @Test func `what is personal of it belongs to its person`() {
        #expect(Attachment.person(given(Attachment.self, registered).state) == Self.contact)
        #expect(personalNames(of: "attachment").isSuperset(of: ["filename", "sha256", "declared_type", "custom"]))
        #expect(personalNames(of: "attachment").isDisjoint(with: ["size", "media_type", "scan", "subject", "person"]))
    }
}
