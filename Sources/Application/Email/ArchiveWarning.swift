import FoundationEssentials
import Kernel
import Mail

/// What somebody who archives a message should know: what is odd about it, and what was not kept as it came.
struct ArchiveWarning: Sendable, Hashable {
    /// Stable: `email.date_missing`.
    let code: String
    /// What was found, and what was done.
    let detail: String

    private init(_ code: String, _ detail: String) { (self.code, self.detail) = ("email.\(code)", detail) }

    /// What the reader of the message found.
    init(_ warning: EmailMessage.Warning) { self.init(warning.code.rawValue, warning.detail) }

    /// `{"code","detail"}`.
    var json: JSON { ["code": .string(code), "detail": .string(detail)] }

    static func dateNotTaken(_ said: Instant, instead: Instant?) -> ArchiveWarning {
        ArchiveWarning("date_not_taken", "It says that it was written at \(said.text); \(taken(instead)) was taken.")
    }
    static func dateAssumed(_ instead: Instant?) -> ArchiveWarning {
        ArchiveWarning("date_assumed", "When it was written is not known; \(taken(instead)) was taken.")
    }
    private static func taken(_ moment: Instant?) -> String {
        moment.map { "when a server took it, \($0.text)," } ?? "the present moment"
    }

    static func participantsLeftOut(_ count: Int) -> ArchiveWarning {
        ArchiveWarning("participants_left_out", "\(count) more had part in it than are kept beside it.")
    }
    static let subjectShortened = ArchiveWarning("subject_shortened", "Its subject was cut off after 200 characters.")
    static let textShortened = ArchiveWarning(
        "text_shortened", "Its text was cut off: it is longer than a record holds.")
    static let archivedAlready = ArchiveWarning(
        "archived_already", "A message of this id is archived already; this is its record, and nothing was written.")
    static func addressShared(_ address: String) -> ArchiveWarning {
        ArchiveWarning("address_shared", "Several records have \(address); the first of them was taken.")
    }
    static func fileNotKept(_ name: String?) -> ArchiveWarning {
        ArchiveWarning("file_not_kept", "\(name ?? "A file without a name") was not kept.")
    }
}
