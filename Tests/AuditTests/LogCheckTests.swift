import EventLog
import FoundationEssentials
import Kernel
import Testing

@testable import Audit

/// What is found in a log that somebody changed, however far the tracks are covered.
@Suite struct LogCheckTests {
    private func log() -> TestLog { TestLog(40, signed: [10, 23, 37]) }

    @Test(arguments: [1, 2, 3, 7, 8, 31, 40])
    func `a log that nobody changed is clean`(size: Int) {
        let log = TestLog(size, signed: (1...Int64(size)).filter { $0 % 3 == 1 })
        #expect(log.found() == [])
        #expect(log.found(kept: log.heads[1]) == [])
    }

    // MARK: - Is a changed line found where it is?

    @Test(arguments: Int64(2)...40)
    func `a line that was changed and its hash left is found exactly`(position: Int64) {
        for change in changes {
            var log = log()
            change(&log[position])
            #expect(log.found() == ["row_changed \(position)"])
        }
    }

    private let changes: [(inout RecordedEvent) -> Void] = [
        { $0.data[9] ^= 1 },
        { $0.actor = id() },
        { $0.recordedAt = Instant(microseconds: $0.recordedAt.microseconds + 1) },
        { $0.occurredAt = Instant(microseconds: $0.occurredAt.microseconds - 1) },
        { $0.private = [1] },
        { $0.meta = Array(#"{"act":"deal.edit"}"#.utf8) },
    ]

    @Test(arguments: Int64(2)...37)
    func `a line that was changed with its row's hashes is found by those of other rows`(position: Int64) {
        var log = log()
        var tree = Frontier.empty
        for row in log.rows.prefix(Int(position - 1)) { _ = tree.append(leaf: row.leaf) }
        log[position].data[9] ^= 1
        log[position].merkle = tree.append(leaf: MerkleTree.leaf(log[position].line))
        // No later row keeps a hash over the first 32: there the heads must do.
        #expect(log.found() == ["row_changed \(position == 32 ? 24 : position)"])
    }

    @Test func `a line whose hashes were made anew to the end lies between two signed heads`() {
        var log = log()
        log[15].data[9] ^= 1
        log.rehash()
        #expect(log.found() == ["row_changed 11"])
        log = self.log()
        log[38].data[9] ^= 1
        log.rehash()
        #expect(log.found() == [], "no head was signed behind it yet")
    }

    @Test func `a changed hash of a row is told from a changed line`() {
        for (position, byte) in [(4, 40), (4, 5), (8, 100), (23, 0)] as [(Int64, Int)] {
            var log = log()
            log[position].merkle[byte] ^= 1
            #expect(log.found() == ["row_changed \(position)"])
            #expect(log.findings().first?.detail.contains("line") == true)
        }
        var log = log()
        log[6].merkle += log[6].merkle
        #expect(log.found() == ["row_changed 6"])
    }

    @Test func `several changes are each found`() {
        var log = log()
        log[3].data[9] ^= 1
        log[12].actor = id()
        log[30].data[9] ^= 1
        #expect(log.found() == ["row_changed 3", "row_changed 12", "row_changed 30"])
    }

    // MARK: - Are events found that changed places, or are gone?

    @Test(arguments: [(5, 6), (5, 10), (14, 39), (7, 30)] as [(Int64, Int64)])
    func `two events that were swapped are found, with and without their hashes`(a: Int64, b: Int64) {
        var log = log()
        (log[a].position, log[b].position) = (b, a)
        #expect(log.found() == ["swapped \(a)"])
        log = self.log()
        let (one, other) = (log[a], log[b])
        (log[a], log[b]) = (other, one)
        (log[a].position, log[b].position) = (a, b)
        (log[a].merkle, log[b].merkle) = (one.merkle, other.merkle)
        #expect(log.found() == ["swapped \(a)"])
        log = self.log()
        (log[a].data, log[b].data) = (log[b].data, log[a].data)
        #expect(log.found() == ["swapped \(a)"])
    }

    @Test(arguments: Int64(1)...39)
    func `an event that was removed is missing, and nothing else`(position: Int64) {
        var log = log()
        log.rows.remove(at: Int(position - 1))
        #expect(log.found().first == "missing \(position)")
        // Without its first event a log names no key, so that no head is right.
        if position > 1 { #expect(log.found() == ["missing \(position)"]) }
    }

    @Test func `several events that were removed are missing, and a change elsewhere is still found`() {
        var log = log()
        log[3].data[9] ^= 1
        log[33].data[9] ^= 1
        log.rows.removeSubrange(15..<20)
        #expect(log.found() == ["row_changed 3", "missing 16", "row_changed 33"])
        #expect(log.findings()[1].detail.contains("16 to 20"))
    }

    @Test func `an event that was removed while the later ones moved up is missing`() {
        var log = log()
        log.rows.remove(at: 17)
        for index in 17..<39 { log.rows[index].position -= 1 }
        #expect(log.found().first == "missing 18")
        #expect(log.findings().filter { $0.kind == .missing }.count == 1)
    }

    // MARK: - Is a cut end found?

    @Test func `a log that ends before a signed head is truncated`() {
        var log = log()
        log.rows.removeSubrange(30...)
        #expect(log.found() == ["truncated 31"])
    }

    @Test func `a log that was truncated with its heads is found by a head that was kept, or by a read table`() {
        var log = log()
        let kept = log.heads[37]
        log.rows.removeSubrange(30...)
        log.heads[37] = nil
        #expect(log.found() == [])
        #expect(
            log.found(kept: kept.map { head in SignedHead(size: 37, root: nil, note: head.note, isKept: true) })
                == ["truncated 31"])
        log.marks = [ProgressCheck.Mark(projection: "deals", position: 35, events: 35, leafSum: [])]
        #expect(log.found() == ["truncated 31"])
    }

    @Test func `a log that was written anew with its heads does not agree with a head that was kept`() {
        var log = log()
        let kept = SignedHead(size: 23, root: nil, note: log.heads[23]?.note ?? "", isKept: true)
        log[15].data[9] ^= 1
        log.rehash()
        for size in [23, 37] as [Int64] {
            log.heads[size] = SignedHead(size: size, root: log.root(size), note: log.signer.note(size, log.root(size)))
        }
        #expect(log.found() == [])
        #expect(log.found(kept: kept) == ["row_changed 1"])
    }

    // MARK: - Is a false head found?

    @Test func `a head that nobody signed, or that is not the log's, is forged`() {
        var log = log()
        let wrong = [UInt8](repeating: 7, count: 32)
        log.heads[30] = SignedHead(size: 30, root: wrong, note: TestSigner().note(30, wrong, origin: log.signer.origin))
        #expect(log.found() == ["head_forged 30"])
        // The column says otherwise than the note.
        log = self.log()
        log.heads[23] = SignedHead(size: 23, root: wrong, note: log.heads[23]?.note ?? "")
        #expect(log.found() == ["head_forged 23"])
        // Signed, and contradicted by a later head that agrees with the log.
        log = self.log()
        log.heads[30] = SignedHead(size: 30, root: wrong, note: log.signer.note(30, wrong))
        #expect(log.found() == ["head_forged 30"])
        log = self.log()
        log.heads[50] = SignedHead(size: 50, root: wrong, note: TestSigner().note(50, wrong, origin: log.signer.origin))
        #expect(log.found() == ["head_forged 50"])
        log = self.log()
        log.heads[23] = SignedHead(size: 23, root: log.root(23), note: "nonsense")
        #expect(log.found() == ["head_forged 23"])
    }

    @Test func `a right head under a wrong signature says so`() {
        var log = log()
        let note = TestSigner().note(23, log.root(23), origin: log.signer.origin)
        log.heads[23] = SignedHead(size: 23, root: log.root(23), note: note)
        #expect(log.found() == ["signature 23"])
    }

    @Test func `what has been under no head for long is suspicious`() {
        var log = log()
        let recorded = log[38].recordedAt.microseconds
        #expect(log.findings(at: Instant(microseconds: recorded + 3_600_000_000)) == [])
        let later = Instant(microseconds: recorded + 3_600_000_001)
        #expect(log.findings(at: later).map(\.kind) == [.signature])
        #expect(log.findings(at: later).map(\.position) == [38])
        // Somebody changed a line, made all hashes anew and took the heads away that would not agree.
        log[15].data[9] ^= 1
        log.rehash()
        (log.heads[23], log.heads[37]) = (nil, nil)
        #expect(log.found() == [])
        #expect(log.findings(at: later).map(\.position) == [11])
    }

    // MARK: - Do read tables and streams agree?

    @Test func `what a projection applied is compared by count and by sum`() {
        var log = log()
        var total = LeafTotal()
        for row in log.rows.prefix(20) { total.add(row.leaf) }
        let right = ProgressCheck.Mark(projection: "deals", position: 20, events: 20, leafSum: total.bytes)
        log.marks = [right]
        #expect(log.found() == [])
        log.marks = [ProgressCheck.Mark(projection: "deals", position: 20, events: 19, leafSum: total.bytes)]
        #expect(log.found() == ["progress 20"])
        total.add([1])
        log.marks = [right, ProgressCheck.Mark(projection: "b", position: 20, events: 20, leafSum: total.bytes)]
        #expect(log.found() == ["progress 20"])
    }

    @Test func `what is applied and what is held make the log's sum, and neither can be hidden in the other`() {
        var log = log()
        let held = log[8].stream
        var applied = LeafTotal()
        let waiting = log.rows.prefix(20).filter { $0.stream == held && $0.position >= 8 }
        for row in log.rows.prefix(20) where !waiting.contains(where: { $0.position == row.position }) {
            applied.add(row.leaf)
        }
        let count = Int64(20 - waiting.count)
        let mark = ProgressCheck.Mark(projection: "deals", position: 20, events: count, leafSum: applied.bytes)
        log.marks = [mark]
        log.holds = [ProgressCheck.Hold(projection: "deals", stream: held, position: 8)]
        #expect(waiting.count > 1 && log.found() == [])
        // The hold is taken away, put later, or told of another projection: what waits is then a hole.
        for holds in [
            [], [ProgressCheck.Hold(projection: "deals", stream: held, position: 9)],
            [ProgressCheck.Hold(projection: "others", stream: held, position: 8)],
        ] {
            log.holds = holds
            #expect(log.found() == ["progress 20"])
        }
    }

    @Test func `a stream with a hole, and times that run backwards, are found though every hash is right`() {
        var log = log()
        log[22].version += 1
        log.rehash()
        log.heads = [:]
        #expect(log.found() == ["missing 22", "row_changed 27"])
        log = self.log()
        (log[22].recordedAt, log[22].occurredAt) = (log[20].recordedAt, log[20].recordedAt)
        log.rehash()
        log.heads = [:]
        #expect(log.found() == ["row_changed 22"])
    }
}
