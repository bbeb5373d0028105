import EventLog

/// A head that is kept as signed: a row of `log.checkpoint`, or a note that the auditor kept.
struct SignedHead {
    /// How many events it is of.
    let size: Int64
    /// The root beside the note; nil where only the note is there.
    let root: [UInt8]?
    /// The C2SP signed note.
    let note: String
    /// Whether the auditor brought it: nobody here can have changed it.
    var isKept: Bool

    /// A head by its columns.
    init(size: Int64, root: [UInt8]?, note: String, isKept: Bool = false) {
        (self.size, self.root, self.note, self.isKept) = (size, root, note, isKept)
    }

    /// A head by its note alone; nil where that is none.
    init?(note: String) {
        guard let checkpoint = SignedNote(note).flatMap(Checkpoint.init) else { return nil }
        self.init(size: checkpoint.size, root: checkpoint.root, note: note)
    }

    /// What it says, if the note is one, says the same as the columns beside it, and is of this log.
    func checkpoint(origin: String?) -> Checkpoint? {
        guard let checkpoint = SignedNote(note).flatMap(Checkpoint.init), checkpoint.size == size,
            root == nil || checkpoint.root == root,
            origin == nil || checkpoint.origin == origin
        else { return nil }
        return checkpoint
    }

    /// Whether that key signed it.
    func isSigned(by key: VerifierKey?) -> Bool {
        guard let key, let signed = SignedNote(note) else { return false }
        return signed.isSigned(by: key)
    }
}
