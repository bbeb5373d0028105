import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct NoteTests {
    static let deal = UUID.number(31)
    static let about = SubjectRef("deal", deal)
    static let subject: JSON = ["entity": "deal", "id": .string(deal.text)]
    let written = Note.Event.written(Record(["text": "Wants\nblue", "subject": subject]))

    @Test func `a note is written on a record, and on none it is not`() throws {
        try given(Note.self).when("write", ["content": "Wants\r\nblue ", "related_to": Self.subject]).then(written)
        #expect(throws: Flaw.self) { try given(Note.self).when("write", ["text": "Wants blue"]) }
        #expect(throws: Flaw.self) { try given(Note.self).when("write", ["text": "", "subject": Self.subject]) }
        given(Note.self, written).when(.write(Record())).thenRefused(.exists)
    }
    @Test func `a note is pinned, changed and taken down`() throws {
        try given(Note.self, written).when("pin").then(.pinned(subject: Self.about))
        try given(Note.self, written).when("unpin").then()
        try given(Note.self, written, .pinned(subject: Self.about)).when("unpin").then(.unpinned(subject: Self.about))
        try given(Note.self, written).when("edit", ["text": "Wants red", "is_pinned": true])
            .then(.edited(set: Patch(["text": "Wants red"]), subject: Self.about), .pinned(subject: Self.about))
        try given(Note.self, written).when("archive").then(.archived(subject: Self.about))
        given(Note.self, written, .archived(subject: Self.about)).when(.edit(Patch(["text": "No"])))
            .thenRefused(.archived)
        given(Note.self, written, .archived(subject: Self.about)).when(.restore).then(.restored(subject: Self.about))
    }
    @Test func `a note stays on its record`() {
        #expect(throws: Flaw.self) { try given(Note.self, written).when("edit", ["subject": Self.subject]) }
    }
}
