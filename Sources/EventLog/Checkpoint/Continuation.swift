/// Why the next head of a log is not signed. The raw value is the code by which it is told.
enum SigningRefusal: String, Error {
    /// Hashes of its tree are not there.
    case damaged = "log.damaged"
    /// It is shorter than what was signed of it.
    case truncated = "log.truncated"
    /// What was signed last is not its beginning, by the hashes that are stored now.
    case headForged = "log.head_forged"
    /// Its last head is none, or not signed by the key in force there.
    case signature = "log.head_signature"
    /// The head that this process signed last is not there any more.
    case headMissing = "log.head_missing"
}

/// Whether a log's next head continues the one that was signed last. Pure: what is stored goes in, a verdict comes out.
///
/// Comparing the subtrees that the signed tree was made of would not do: a hash above them, stored later, could tell of
/// other lines. So the new root is derived from the old one, as a stranger would do it with a consistency proof.
struct Continuation {
    /// The head that was signed last.
    let last: Checkpoint
    /// How many events the next head is of.
    let size: Int64
    /// The stored hashes by which it is judged.
    let plan: ProofPlan

    /// - Parameters:
    ///   - last: the size and the note of the last head that is kept.
    ///   - size: how far the log goes now.
    ///   - key: the key in force at the last head's size, by the log's own events.
    /// - Throws: where nothing more need be read.
    init(of last: (size: Int64, note: String), to size: Int64, key: VerifierKey?) throws(SigningRefusal) {
        guard let key, let note = SignedNote(last.note), note.isSigned(by: key),
            let checkpoint = Checkpoint(note), checkpoint.size == last.size, checkpoint.origin == key.name
        else { throw .signature }
        guard checkpoint.size <= size else { throw .truncated }
        (self.last, self.size) = (checkpoint, size)
        plan = .consistency(from: checkpoint.size, to: size)
    }

    /// - Parameters:
    ///   - root: that of the next head, by the stored hashes.
    ///   - hash: the stored hash of a subtree; nil where none is.
    func judge(root: [UInt8], hash: (MerkleTree.Node) -> [UInt8]?) throws(SigningRefusal) {
        guard let path = plan.hashes(hash) else { throw .damaged }
        let proof = ConsistencyProof(from: last.size, to: size, path: path)
        guard proof.verifies(old: last.root, new: root) else { throw .headForged }
    }
}
