import EventLog
import FoundationEssentials
import Kernel
import Vault

/// Finds what was changed in a log, row by row, in one pass. Pure: rows and heads go in, findings come out.
///
/// Three trees are compared with each signed head: the one over the lines as they stand, the one over the leaf hashes
/// that are stored, and the one of stored subtree hashes. The first that the head agrees with tells how far somebody
/// covered the tracks: the line alone was changed, its leaf hash too, or the hashes above as well. Where none agrees,
/// the last head that did bounds the place.
struct LogCheck {
    let organization: UUID
    /// The key that the auditor trusts, if one was given.
    let trusted: VerifierKey?
    private(set) var size: Int64 = 0
    private(set) var keys = KeyHistory()
    /// The tree over the lines as they stand; nil behind a missing row, until it is known again.
    private(set) var lines: Frontier? = .empty
    /// What a row at `size` must keep by its line: the leaf hash, then those of the subtrees that end there.
    private(set) var merkle: [UInt8] = []
    private var alarm: Alarm?
    private var streams = Streams()
    private var progress: ProgressCheck
    private var lastRecorded: Instant?
    /// Heads that the auditor kept, by size, the largest first.
    private var kept: [SignedHead]

    /// What is certain.
    private(set) var findings: [Finding] = []
    /// Rows whose line was changed: looked at together in the end, since two may have changed places.
    private var changed = Suspects()
    /// What may be a consequence of something else.
    private var oddities: [Finding] = []
    /// The largest head that agreed, and those that did not since.
    private var agreed: Int64 = 0
    private var disagreed: [Int64] = []
    /// When the first event behind `agreed` was recorded.
    private var unsignedSince: Instant?
    private var keptDisagreed: Int64?

    /// What is known while stored hashes differ from the lines'.
    private struct Alarm {
        /// The tree over the leaf hashes that are stored.
        var leaves: Frontier?
        /// The tree of the stored subtree hashes.
        var nodes: StoredTree
        var suspects = Suspects()
        /// Rows whose subtree hashes do not follow from the lines.
        var offLines: [Int64] = []
        /// Rows whose subtree hashes do not follow from the leaf hashes.
        var offLeaves: [Int64] = []
        var faults: [StoredTree.Fault] = []

        /// Those that no suspect explains.
        var otherFaults: [StoredTree.Fault] { faults.filter { !suspects.contains($0.left) } }
    }
    private static let most = 200
    /// In microseconds.
    private static let hour: Int64 = 3_600_000_000

    init(_ organization: UUID, trusted: VerifierKey? = nil, kept: [SignedHead] = [], progress: ProgressCheck) {
        (self.organization, self.trusted, self.progress) = (organization, trusted, progress)
        self.kept = kept.sorted { $0.size > $1.size }
    }

    /// Whether nothing was found so far.
    var isCalm: Bool { findings.isEmpty && oddities.isEmpty && disagreed.isEmpty && changed.isEmpty }

    // MARK: - What does a row say?

    /// The next row of the log, and the head signed there, if there is one. A line of an export has no hashes (`merkle`
    /// is empty), so that only heads tell.
    mutating func take(_ event: RecordedEvent, head: SignedHead?) {
        if event.position > size + 1 { miss(through: event.position - 1) }
        size = event.position
        let leaf = MerkleTree.leaf(event.line)
        let before = lines
        let made = lines?.append(leaf: leaf)
        merkle = made ?? []
        if !event.merkle.isEmpty {
            if alarm == nil, made != event.merkle, let before {
                alarm = Alarm(leaves: before, nodes: StoredTree(before))
            }
            if alarm != nil { investigate(event, leaf, made) }
        }

        keys.take(event)
        progress.take(event)
        if let fault = streams.take(event) { oddities.append(fault.finding(event)) }
        if let lastRecorded, event.recordedAt < lastRecorded {
            oddities.append(Finding(.rowChanged, at: size, "it was recorded before the event before it"))
        }
        lastRecorded = max(event.recordedAt, lastRecorded ?? event.recordedAt)
        unsignedSince = unsignedSince ?? event.recordedAt

        if let head { judge(head) }
        while let head = kept.last, head.size <= size {
            kept.removeLast()
            if head.size == size { judge(head) }
        }
    }

    private mutating func miss(through last: Int64) {
        let words =
            last == size + 1 ? "position \(last) is not there" : "positions \(size + 1) to \(last) are not there"
        if findings.count < Self.most { findings.append(Finding(.missing, at: size + 1, words)) }
        // What was suspected before has no more to be compared with.
        let nodes = alarm?.nodes ?? StoredTree(lines ?? .empty)
        settle(nil)
        alarm = Alarm(leaves: nil, nodes: nodes)
        alarm?.nodes.skip(through: last)
        lines = nil
    }

    private mutating func investigate(_ event: RecordedEvent, _ leaf: [UInt8], _ made: [UInt8]?) {
        guard var alarm else { return }
        let stored = event.leaf
        let isWhole = event.merkle.count == SHA256.length * (1 + size.trailingZeroBitCount)
        if stored != leaf {
            alarm.suspects.add(event, storedLeaf: stored)
        } else if let made, made != event.merkle, alarm.offLines.count < Self.most {
            alarm.offLines.append(size)
        }
        let above = alarm.leaves?.append(leaf: stored)
        if !isWhole || above ?? event.merkle != event.merkle, alarm.offLeaves.count < Self.most {
            alarm.offLeaves.append(size)
        }
        if let fault = alarm.nodes.take(event.merkle), alarm.faults.count < Self.most { alarm.faults.append(fault) }
        if lines == nil, let known = alarm.nodes.frontier {
            // The rows behind the missing ones tell the tree again.
            lines = known
            alarm.leaves = known
        }
        self.alarm = alarm
    }

    // MARK: - What does a signed head say?

    private mutating func judge(_ head: SignedHead) {
        guard let checkpoint = head.checkpoint(origin: keys.origin) else {
            findings.append(Finding(.headForged, at: head.size, "the head kept for this size is no checkpoint of it"))
            return
        }
        let isKnown = lines != nil || alarm?.leaves != nil || alarm?.nodes.frontier != nil
        let agreement = agreement(checkpoint.root)
        guard head.isSigned(by: keys.inForce(at: head.size)) || head.isKept && head.isSigned(by: trusted) else {
            findings.append(
                agreement == nil
                    ? Finding(
                        .headForged, at: head.size, "the head of this size is not the log's, and not signed by it")
                    : Finding(.signature, at: head.size, "the head of this size is not signed by the key in force"))
            return
        }
        if let agreement {
            settle(agreement)
            // A tree that agrees was compared with those heads too, unless a part of it was only now learnt from above.
            if agreement != .nodes {
                findings += disagreed.map {
                    Finding(.headForged, at: $0, "the head of this size contradicts the one of size \(head.size)")
                }
            }
            (disagreed, agreed, unsignedSince) = ([], head.size, nil)
        } else if isKnown {
            if head.isKept { keptDisagreed = head.size } else { disagreed.append(head.size) }
            if disagreed.count > Self.most { disagreed.removeLast() }
        }
    }

    private enum Agreement {
        case lines, leaves, nodes
    }

    private func agreement(_ root: [UInt8]) -> Agreement? {
        if lines?.root == root { return .lines }
        if alarm?.leaves?.root == root { return .leaves }
        if alarm?.nodes.frontier?.root == root { return .nodes }
        return nil
    }

    /// What was signed is known up to here: what is suspected gets its name, and the tree goes on from the truth.
    private mutating func settle(_ agreement: Agreement?) {
        guard let alarm else { return }
        switch agreement {
        case .lines:
            findings += alarm.suspects.asHashes
            findings += alarm.offLines.map(Self.hashesChanged)
        case .leaves:
            changed.add(alarm.suspects)
            findings += alarm.offLeaves.map(Self.hashesChanged)
            lines = alarm.leaves
        case .nodes:
            changed.add(alarm.suspects)
            findings += alarm.otherFaults.map { fault in
                Finding(
                    .rowChanged, at: fault.left,
                    "a line from \(fault.first) to \(fault.left) was changed together with its own hash: the hashes up "
                        + "to here do not lead to the one that row \(fault.row) keeps and a signed head confirms")
            }
            lines = alarm.nodes.frontier
        case nil:
            changed.add(alarm.suspects)
            findings += alarm.otherFaults.map { fault in
                Finding(
                    .rowChanged, at: fault.left,
                    "the hashes up to here do not lead to the one that row \(fault.row) keeps: one of the two rows was "
                        + "changed, or a line from \(fault.first) on with its hash")
            }
            // One row was given the length of another.
            if alarm.suspects.isEmpty && alarm.faults.isEmpty { findings += alarm.offLeaves.map(Self.hashesChanged) }
        }
        self.alarm = nil
    }

    private static func hashesChanged(_ row: Int64) -> Finding {
        Finding(
            .rowChanged, at: row, "the hashes stored here are not those of the lines, which are as they were signed")
    }

    // MARK: - What comes of it?

    /// All that was found, by position.
    /// - Parameters:
    ///   - beyond: heads of sizes that the log does not have.
    ///   - now: heads are signed within a second, so what is old and under no head is suspicious; nil: it is not.
    mutating func finish(beyond: [SignedHead], at now: Instant?) -> [Finding] {
        settle(nil)
        findings += changed.asLines
        let isExplained = findings.contains {
            $0.isOfLines && $0.position > agreed && $0.position <= disagreed.first ?? 0
        }
        if let first = disagreed.first, !isExplained {
            findings.append(
                Finding(
                    .rowChanged, at: agreed + 1,
                    "a line from \(agreed + 1) to \(first) is not the one that was signed; its hashes were made anew"
                ))
        } else if let keptDisagreed, !findings.contains(where: { $0.isOfLines && $0.position <= keptDisagreed }) {
            findings.append(
                Finding(
                    .rowChanged, at: 1,
                    "a line from 1 to \(keptDisagreed) is not that of the head that was kept: the log was signed anew"
                ))
        }
        if let now, let unsignedSince, disagreed.isEmpty, unsignedSince.microseconds + Self.hour < now.microseconds {
            findings.append(
                Finding(
                    .signature, at: agreed + 1,
                    "no head is signed over the events from here on, which were recorded more than an hour ago"))
        }
        let (marks, ahead) = progress.finish()
        truncated(beyond + kept, ahead)
        let firm = findings.filter(\.isOfLines).map(\.position).min()
        // What follows a change is its consequence.
        findings += (oddities + marks).filter { $0.position < firm ?? .max }
        return findings.sorted { ($0.position, $0.kind.rawValue) < ($1.position, $1.kind.rawValue) }
    }

    /// Whether the log names a key, and the one that the auditor trusts is among its own.
    func trust() -> [Finding] {
        if size > 0, keys.keys.isEmpty { return [Finding(.signature, at: 1, "no event names the key that signs")] }
        guard let trusted, !keys.keys.contains(where: { $0.key.text == trusted.text }) else { return [] }
        return [Finding(.signature, at: 1, "the key that was given is none that this log names")]
    }

    private mutating func truncated(_ heads: [SignedHead], _ mark: ProgressCheck.Mark?) {
        var signed: Int64 = 0
        for head in heads where head.size > size {
            // Of a log of which nothing is left nobody knows the key.
            let isSigned =
                keys.keys.isEmpty || head.isSigned(by: keys.inForce(at: size)) || head.isSigned(by: trusted)
            if head.checkpoint(origin: keys.origin) != nil && isSigned {
                signed = max(signed, head.size)
            } else {
                findings.append(
                    Finding(.headForged, at: head.size, "the head of this size is beyond the log, and not signed by it")
                )
            }
        }
        if signed > 0 {
            let words = "the log ends at \(size), and a head of size \(signed) was signed"
            findings.append(Finding(.truncated, at: size + 1, words))
        } else if let mark {
            let words = "the log ends at \(size), and \(mark.projection) had applied it up to \(mark.position)"
            findings.append(Finding(.truncated, at: size + 1, words))
        }
    }
}

extension Finding {
    /// Whether it is about lines and their hashes, and not about what refers to them.
    fileprivate var isOfLines: Bool {
        switch kind {
        case .rowChanged, .swapped, .missing: true
        case .truncated, .headForged, .signature, .claim, .progress: false
        }
    }
}
