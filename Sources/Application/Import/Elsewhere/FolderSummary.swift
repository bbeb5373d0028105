import Kernel

/// What came of a folder.
public struct FolderSummary: Sendable {
    /// The import's id, by which all of it is taken back.
    public internal(set) var id = ""
    /// What came of each file, in the order in which they were imported.
    public internal(set) var files: [FileSummary] = []
    /// Files that hold no table which is known.
    public internal(set) var unknown: [String] = []
    /// Users that were no member, by name.
    public private(set) var newMembers: [String] = []

    mutating func report(unmatched: [String]) { newMembers = unmatched }

    /// All files together, and each.
    public var json: JSON {
        func sum(_ count: (FileSummary) -> Int) -> JSON { .integer(Int64(files.reduce(0) { $0 + count($1) })) }
        return [
            "import": id.isEmpty ? .null : .string(id), "rows": sum(\.rows), "accepted": sum(\.accepted),
            "unchanged": sum(\.unchanged),
            "rejected": sum(\.rejected), "events": sum(\.events), "left_out": sum(\.leftOut),
            "files": .array(files.map(\.json)), "unknown": .array(unknown.map(JSON.string)),
        ]
    }
}

/// What came of one file.
public struct FileSummary: Sendable {
    /// The file's name.
    public let name: String
    /// What it holds: "accounts".
    public let kind: String
    /// Its rows; each is one of the next three.
    public internal(set) var rows = 0
    /// Rows that yielded events.
    public internal(set) var accepted = 0
    /// Rows that were there already.
    public internal(set) var unchanged = 0
    /// Rows that could not be taken.
    public internal(set) var rejected = 0
    /// Events appended.
    public internal(set) var events = 0
    /// Values that were left out of rows which were taken.
    public internal(set) var leftOut = 0
    /// Where rejected rows and rows with values that were left out are written down.
    public internal(set) var rejectFile: String?
    /// What was made because a row or the mapping named it.
    public internal(set) var created: [String] = []
    /// What else is worth knowing.
    public internal(set) var notes: [String] = []
    /// Columns in which something stands and that were not taken.
    public internal(set) var unused: [String] = []
    var lines = ImportRun.Summary.Lines()

    init(name: String, kind: String) { (self.name, self.kind) = (name, kind) }

    init(name: String, kind: String, _ run: ImportRun.Summary) {
        self.init(name: name, kind: kind)
        (rows, accepted, unchanged, rejected) = (run.rows, run.accepted, run.unchanged, run.rejected)
        (events, leftOut, rejectFile) = (run.events, run.leftOut, run.rejectFile)
        // What no column was taken from is told in a form of its own.
        (created, notes, unused) = (run.created, run.notes.filter { !$0.hasPrefix("No column") }, run.unused)
        lines = run.lines
    }

    /// The same rows sent once more: each is counted once.
    func followed(by second: FileSummary) -> FileSummary {
        var whole = self
        whole.lines.rejected.formUnion(second.lines.rejected)
        whole.lines.accepted.formUnion(second.lines.accepted)
        whole.lines.untold.formUnion(second.lines.untold)
        whole.lines.accepted.subtract(whole.lines.rejected)
        (whole.accepted, whole.rejected) = (whole.lines.accepted.count, whole.lines.rejected.count)
        whole.unchanged = rows - whole.accepted - whole.rejected
        whole.events += second.events
        whole.leftOut += second.leftOut
        whole.rejectFile = rejectFile ?? second.rejectFile
        whole.notes += second.notes.filter { !notes.contains($0) }
        // What either takes is taken.
        whole.unused = unused.filter { second.unused.contains($0) }
        return whole
    }

    var json: JSON {
        [
            "file": .string(name), "kind": .string(kind), "rows": .integer(Int64(rows)),
            "accepted": .integer(Int64(accepted)), "unchanged": .integer(Int64(unchanged)),
            "rejected": .integer(Int64(rejected)), "events": .integer(Int64(events)),
            "left_out": .integer(Int64(leftOut)), "reject_file": rejectFile.map(JSON.string) ?? .null,
            "created": .array(created.map(JSON.string)), "notes": .array(notes.map(JSON.string)),
            "unused_columns": .array(unused.map(JSON.string)),
        ]
    }
}
