import FoundationEssentials
import Kernel
import Postgres
import Vault

/// What is written in one transaction, and who is answered when it is committed.
struct Batch: Sendable {
    /// A unit and what it is answered.
    struct Entry: Sendable {
        var pending: Pending
        var receipt: Receipt
    }
    /// Where an organization stands after the batch.
    struct After: Sendable {
        var tip: Tip
        var streams: [UUID: StreamFact]
        var hasEvents: Bool
    }

    var entries: [Entry] = []
    /// Units that do not stand, judged on the logs as they are before this batch.
    var refused: [(pending: Pending, error: AppendError)] = []
    /// Sorted by organization and position.
    var rows: [RecordedEvent] = []
    var releases: [(organization: UUID, claim: Claim)] = []
    var takes: [(organization: UUID, claim: Claim)] = []
    var keys: [(organization: UUID, key: WrappedKey)] = []
    var outcomes: [(organization: UUID, outcome: Outcome, position: Position, recordedAt: Instant)] = []
    var after: [UUID: After] = [:]
    /// Ends the transaction in which the locks were taken.
    var isLocked = false { didSet { encoded = nil } }
    var isImpatient = false
    /// It was sent once and nobody knows what became of it.
    var isInDoubt = false { didSet { encoded = nil } }
    private var encoded: [Statement]?

    init(isLocked: Bool = false, isImpatient: Bool = false) {
        self.isLocked = isLocked
        self.isImpatient = isImpatient
    }

    /// What writes it.
    var statements: [Statement] { encoded ?? encoding() }
    /// Encodes it now, so that sending it takes no time.
    mutating func encode() { encoded = encoding() }

    /// Organizations in which something was decided and nothing happened: their heads are compared while writing.
    var checks: [(organization: UUID, head: Position)] {
        after.filter { !$0.value.hasEvents }.map { ($0.key, $0.value.tip.head.position) }.sorted { $0.0 < $1.0 }
    }

    /// The organizations of which it is not written while another process queues for the lock: whoever has lost a race
    /// would go on losing it to one that knows nothing of that.
    ///
    /// Not where it holds the locks itself; nor where it is in doubt, because then only its own lines tell whether it
    /// was written. Bounded, because Postgres keeps so many locks.
    var givesWay: [UUID] {
        isLocked || isInDoubt ? [] : Array(after.filter(\.value.hasEvents).keys.sorted().prefix(1_000))
    }

    /// The mark by which a batch in doubt is recognised, if it wrote anything.
    var mark: Mark? {
        if let row = rows.first { return .event(row.organization, row.position, leaf: row.leaf) }
        if let kept = outcomes.first { return .outcome(OutcomeKey(kept.organization, kept.outcome), kept.recordedAt) }
        return nil
    }
    enum Mark: Sendable {
        case event(UUID, Position, leaf: [UInt8])
        case outcome(OutcomeKey, Instant)
    }
}
