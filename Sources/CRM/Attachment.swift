public import FoundationEssentials
public import Kernel

/// A file that belongs to a record. Its bytes lie in a store, sealed; here is what is known of them. They never change:
/// another version of a file is another attachment.
public enum Attachment: Lasting {
    /// `attachment`.
    public static let name = "attachment"
    /// `attachments`.
    public static let plural = "attachments"

    // MARK: What is known of one?

    /// A file stays on its record.
    public static let fields = [filename, description, Field.subject.required().alias("related_to"), .custom]
    private static let filename = Field("filename", .text(255)).required().personal().searchable(.a)
    private static let description = Field("description", .paragraph(2000)).personal().searchable(.b)

    /// What was found out about the bytes, and what became of them.
    public static let derived =
        found + [
            Field("finding", .text(200)), Field("removed", .flag),
        ]
    /// What is found out while they come in.
    private static let found = [
        // Of whom it tells: with that person's key its bytes are sealed, too.
        Field("person", .record(of: Subjects.people)),
        // By its first bytes, and as whoever sent it called it.
        Field("media_type", .text(127)).required(), Field("declared_type", .text(127)).personal(),
        Field("size", .integer(0...Int64.max)).required(),
        // A digest says to whoever has the same file that it was here: it is sealed as its name is.
        Field("sha256", .text(64)).personal(),
        Field("scan", .choice(Scan.allCases.map(\.rawValue))).required(),
    ]

    /// What a scanner for viruses said of the bytes.
    public enum Scan: String, Sendable, CaseIterable {
        /// None was asked.
        case none
        /// One will be asked; nobody has the bytes before.
        case pending
        case clean, infected
    }

    /// What is known of the bytes, for whoever registers them.
    public struct Bytes: Sendable, Equatable {
        /// The media type by their first bytes.
        public var mediaType: String
        /// As whoever sent them called it.
        public var declaredType: String?
        /// How many.
        public var size: Int64
        /// Their SHA-256, in hex.
        public var sha256: String
        /// Whether a scanner is asked.
        public var scan: Scan

        /// What is known.
        public init(mediaType: String, declaredType: String?, size: Int64, sha256: String, scan: Scan) {
            (self.mediaType, self.declaredType, self.size) = (mediaType, declaredType, size)
            (self.sha256, self.scan) = (sha256, scan)
        }
        /// As members of the body of `register`.
        public var members: [String: JSON] {
            [
                "media_type": .string(mediaType), "declared_type": declaredType.map { .string($0) } ?? .null,
                "size": .integer(size), "sha256": .string(sha256), "scan": .string(scan.rawValue),
            ]
        }
    }

    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    /// The person of whom it tells.
    public static func person(_ state: State) -> UUID? { state.content.flatMap { SubjectRef($0["person"])?.id } }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case register(Record)
        case edit(Patch)
        case recordScan(Scan, finding: String?)
        case remove, archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act("register", .creates, "Note a file whose bytes are in the store", takes: fields + found) {
            .register($0.record)
        },
        Act("edit", .edits, "Change what a file is called and how it is described", takes: editable) {
            .edit($0.patch)
        },
        Act(
            "record_scan", .verb, "Note what a scanner said of it",
            takes: [
                Field("verdict", .choice([Scan.clean, .infected].map(\.rawValue))).required(),
                Field("finding", .text(200)),
            ]
        ) { body throws(Flaw) in
            let verdict = try body.required(body.text("verdict").flatMap(Scan.init), "verdict")
            return .recordScan(verdict, finding: body.text("finding"))
        },
        Act("remove", .verb, "Take a file's bytes away for good; that there was one stays known") { _ in .remove },
        Act("archive", .archives, "Put a file away") { _ in .archive },
        Act("restore", .verb, "Take a file out again") { _ in .restore },
    ]
    private static let editable = [filename, description, .custom]

    // MARK: What can have happened?

    /// What can have happened. What follows the first event names the record on whose page it is told.
    public enum Event: Message {
        case registered(Record)
        case edited(set: Patch, subject: SubjectRef?)
        case scanned(verdict: String, finding: String?, subject: SubjectRef?)
        case removed(subject: SubjectRef?)
        case archived(subject: SubjectRef?), restored(subject: SubjectRef?)
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case registered = "attachment.registered@1"
            case edited = "attachment.edited@1"
            case scanned = "attachment.scanned@1"
            case removed = "attachment.removed@1"
            case archived = "attachment.archived@1"
            case restored = "attachment.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "attachment.not_found"
        case exists = "attachment.already_exists"
        case archived = "attachment.archived"
        case removed = "attachment.removed"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such attachment."
            case .exists: "This attachment is there already; another version of a file is another attachment."
            case .archived: "This attachment is archived; restore it first."
            case .removed: "The bytes of this attachment were taken away for good; upload the file again."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .removed: .conflict
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// What happens.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        let subject = SubjectRef(state.content?["subject"])
        switch command {
        case .register(let record): return try begin(state, with: .registered(record))
        case .edit(let patch):
            if isRemoved(state) { throw .removed }
            let change = patch.effective(on: try inUse(state), fields)
            return change.isEmpty ? [] : [.edited(set: change, subject: subject)]
        case .recordScan(let verdict, let finding):
            guard let file = state.content else { throw .absent }
            // It was on its way when the bytes went.
            if isRemoved(state) { return [] }
            let isKnown = file.text("scan") == verdict.rawValue && file.text("finding") == finding
            return isKnown ? [] : [.scanned(verdict: verdict.rawValue, finding: finding, subject: subject)]
        case .remove:
            guard state.content != nil else { throw .absent }
            return isRemoved(state) ? [] : [.removed(subject: subject)]
        case .archive: return try archive(state, with: .archived(subject: subject))
        case .restore:
            if isRemoved(state) { throw .removed }
            return try restore(state, with: .restored(subject: subject))
        }
    }

    /// What it means. What was removed is put away, and stays so.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .registered(let record): state = .active(record)
        case .edited(let change, _): state.change { $0.merge(change, fields) }
        case .scanned(let verdict, let finding, _):
            state.change { file in
                file.set("scan", .string(verdict))
                file.set("finding", finding.map { .string($0) })
            }
        case .removed:
            state.change { $0.set("removed", true) }
            state.archive()
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }

    private static func isRemoved(_ state: State) -> Bool { state.content?["removed"] == true }
}
