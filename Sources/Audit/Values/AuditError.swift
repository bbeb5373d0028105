import EventLog

/// Why an audit cannot be done.
public enum AuditError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was given as a key is no C2SP vkey of Ed25519.
    case notAKey
    /// What was given as a checkpoint is none.
    case notACheckpoint
    /// What was given as evidence is none.
    case notEvidence(String)
    /// There is no such event.
    case noSuchPosition(Int64)
    /// No head is signed over the event yet.
    case notSigned(Int64)
    /// Hashes of the tree are not there.
    case incomplete
    /// The log has no event yet.
    case emptyLog
    /// The organization is there already.
    case exists(String)
    /// The database that a backup is restored into holds something already.
    case notEmpty(table: String)
    /// The backup has a table, or columns of it, that this version of Daybook does not know.
    case otherSchema(table: String)
    /// An export that is to be restored is not what was signed.
    case notVerified([Finding])
    /// A file of a backup is not there, or not as it was.
    case fileDamaged(String)
    /// The backup has files, and there is no place to put them.
    case noStore

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .notAKey: "The key is no vkey: it looks like name+0123abcd+base64, as in an export's key.pub."
        case .notACheckpoint: "The checkpoint is no C2SP checkpoint, as in an export's file `checkpoint`."
        case .notEvidence(let what): "This is no evidence: \(what)."
        case .noSuchPosition(let position): "The log has no event at position \(position)."
        case .notSigned(let position):
            "No head is signed over position \(position) yet. That takes a second where a server runs: try again."
        case .incomplete: "Hashes of the tree are not there. Find out by `daybook audit verify` what became of them."
        case .emptyLog: "The log has no event yet, or no head is signed over it. Try again in a second."
        case .exists(let organization):
            "The organization \(organization) is here already. Restore into a database that does not have it."
        case .notEmpty(let table):
            "\(table) holds rows already. A backup is restored into an empty database: name another --data or "
                + "--database-url."
        case .otherSchema(let table):
            "The backup's table \(table) is not one of this version. Restore it with the Daybook that made it."
        case .notVerified(let findings):
            "The export is not what was signed: \(findings.first.map { "position \($0.position): \($0.detail)" } ?? "")"
        case .fileDamaged(let name):
            "The file \(name) of the backup is not there, or not as it was written. Take another copy of the backup."
        case .noStore: "The backup has files of records, and no place is named where they are kept."
        }
    }

    static func key(_ text: String) throws(AuditError) -> VerifierKey {
        let line = text.split(separator: "\n").first.map(String.init) ?? ""
        guard let key = VerifierKey(line) else { throw .notAKey }
        return key
    }

    static func kept(_ text: String) throws(AuditError) -> SignedHead {
        guard var head = SignedHead(note: text) else { throw .notACheckpoint }
        head.isKept = true
        return head
    }
}
