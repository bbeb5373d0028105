import FoundationEssentials
import Kernel

extension Planner {
    // MARK: - What is written?

    /// Judges the chosen units in order and lays out the rows of those that stand. From here on the books are as if it
    /// were written.
    ///
    /// A unit that meets an earlier one of the batch (a stream that it wrote, a claim, a key) goes back to the queue
    /// until that one's fate is known.
    mutating func plan(_ clock: Instant) -> Batch {
        var batch = Batch(isLocked: isLocked, isImpatient: isImpatient)
        var draft = Draughtsman(clock: clock)
        var deferred: [Pending] = []
        for var pending in chosen {
            let organization = pending.unit.organization
            guard let book = books[organization], let tip = book.tip else {
                deferred.append(pending)
                continue
            }
            draft.turn(to: organization, tip, in: &batch)
            if let shared = draft.meets(pending.unit) {
                if shared == .claimOrKey { pending.isSuspect = true }
                pending.wasLookedUp = false
                deferred.append(pending)
                continue
            }
            switch judge(pending, book, head: draft.tip.head) {
            case .failure(let error): batch.refused.append((pending, error))
            case .success(let takes):
                if let error = draft.add(pending, taking: takes, book: book, to: &batch) {
                    batch.refused.append((pending, error))
                }
            }
        }
        draft.close(&batch)
        for (organization, after) in batch.after where after.hasEvents {
            books[organization]?.advance(to: after.tip, after.streams)
            remembered += after.streams.count
        }
        for organization in Set(chosen.map(\.unit.organization)) { books[organization]?.trim() }
        chosen = []
        putBack(deferred)
        return batch
    }

    /// Units queue again, before all others.
    mutating func putBack(_ units: [Pending]) {
        for pending in units.reversed() {
            switch pending.unit.lane {
            case .interactive: interactive.prepend(pending)
            case .import: imports.prepend(pending)
            }
        }
    }

    /// Whether what the caller read still holds; what it takes that it does not hold already.
    private func judge(_ pending: Pending, _ book: Book, head: Head) -> Swift.Result<[Claim], AppendError> {
        let unit = pending.unit
        if let outcome = unit.outcome, let kept = known.outcomes[OutcomeKey(unit.organization, outcome)] {
            return .failure(kept.outcome.requestHash == outcome.requestHash ? .repeated(kept) : .keyReused)
        }
        let opened = book.head?.position ?? 0
        var moved = unit.expected.compactMap { stream, version -> UUID? in
            if let fact = book.fact(of: stream) { return fact.version == version ? nil : stream }
            // Nothing is known of it, so it did not change after `start`; what was not looked up was read after that.
            return nil
        }
        // The caller has seen what the primary has not: another history (DESIGN §7), never an older one of this.
        if unit.readAt > opened { moved = Array(unit.expected.keys) }
        let isBlind = unit.drafts.isEmpty && unit.expected.isEmpty
        if !moved.isEmpty || unit.readAt > opened || isBlind && unit.readAt != head.position {
            return .failure(.moved(moved.sorted()))
        }
        var takes = unit.takes
        for claim in unit.takes {
            guard let holder = known.claims[ClaimKey(unit.organization, claim)] else { continue }
            let isReleased = unit.releases.contains { $0.isSameValue(as: claim) && $0.stream == holder }
            if isReleased { continue }
            if holder != claim.stream {
                return .failure(.claimed(scope: claim.scope, digest: claim.digest, holder: holder))
            }
            takes.removeAll { $0 == claim }  // held already: taking it again changes nothing
        }
        return .success(takes)
    }
}

/// Lays out a batch, one organization after the other.
private struct Draughtsman {
    enum Shared { case stream, claimOrKey }

    let clock: Instant
    private var organization: UUID?
    private(set) var tip = Tip.empty
    private var hasUnits = false
    private var written: [UUID: StreamFact] = [:]
    private var claims: Set<ClaimKey> = []
    private var keys: Set<OutcomeKey> = []

    init(clock: Instant) { self.clock = clock }

    /// The units that follow are of this organization.
    mutating func turn(to organization: UUID, _ tip: Tip, in batch: inout Batch) {
        guard self.organization != organization else { return }
        close(&batch)
        self.organization = organization
        self.tip = tip
        hasUnits = false
        written = [:]
        claims = []
        keys = []
    }

    /// No units of this organization follow.
    func close(_ batch: inout Batch) {
        guard let organization, hasUnits else { return }
        batch.after[organization] = Batch.After(tip: tip, streams: written, hasEvents: !written.isEmpty)
    }

    /// What a unit shares with the ones before it in this batch.
    func meets(_ unit: Unit) -> Shared? {
        if let outcome = unit.outcome, keys.contains(OutcomeKey(unit.organization, outcome)) { return .claimOrKey }
        for claim in unit.takes + unit.releases where claims.contains(ClaimKey(unit.organization, claim)) {
            return .claimOrKey
        }
        return unit.expected.keys.contains { written[$0] != nil } ? .stream : nil
    }

    /// Gives the unit's events their positions. An error: it is not in the batch, and used none.
    mutating func add(
        _ pending: Pending, taking takes: [Claim], book: Book, to batch: inout Batch
    ) -> AppendError? {
        let unit = pending.unit
        let recordedAt = max(clock, tip.head.recordedAt ?? clock)
        var tip = tip
        var facts: [UUID: StreamFact] = [:]
        var rows: [RecordedEvent] = []
        rows.reserveCapacity(unit.drafts.count)
        for (draft, stem) in zip(unit.drafts, pending.stems) {
            let last = (facts[draft.stream] ?? book.fact(of: draft.stream))?.occurredAt
            let occurredAt = draft.occurredAt ?? recordedAt
            if let last, occurredAt < last { return .timeBeforeLastEvent(stream: draft.stream, last: last) }
            if occurredAt > recordedAt { return .timeInFuture(stream: draft.stream) }
            let position = tip.head.position + 1
            let leaf = stem.leaf(at: position, occurredAt, recordedAt)
            if leaf.count > EventLine.limit { return .tooLong(stream: draft.stream, bytes: leaf.count) }
            tip.head = Head(position: position, leaf: leaf.hash, recordedAt: recordedAt)
            facts[draft.stream] = StreamFact(version: draft.version, occurredAt: occurredAt)
            rows.append(
                RecordedEvent(
                    organization: unit.organization, position: position, stream: draft.stream, version: draft.version,
                    type: draft.type, schema: draft.schema, data: draft.data, private: draft.private, meta: draft.meta,
                    occurredAt: occurredAt, recordedAt: recordedAt, actor: draft.actor, command: draft.command,
                    index: draft.index, merkle: tip.frontier.append(leaf: leaf.hash)))
        }
        let receipt = Receipt(
            first: self.tip.head.position + 1, last: tip.head.position, leaf: tip.head.leaf, recordedAt: recordedAt,
            versions: facts.mapValues(\.version))
        self.tip = tip
        written.merge(facts) { $1 }
        batch.entries.append(Batch.Entry(pending: pending, receipt: receipt))
        batch.rows += rows
        hasUnits = true
        record(unit, taking: takes, receipt, in: &batch)
        return nil
    }

    private mutating func record(
        _ unit: Unit, taking takes: [Claim], _ receipt: Receipt, in batch: inout Batch
    ) {
        for claim in unit.releases {
            claims.insert(ClaimKey(unit.organization, claim))
            batch.releases.append((unit.organization, claim))
        }
        for claim in takes {
            claims.insert(ClaimKey(unit.organization, claim))
            batch.takes.append((unit.organization, claim))
        }
        for key in unit.keys { batch.keys.append((unit.organization, key)) }
        if let outcome = unit.outcome {
            keys.insert(OutcomeKey(unit.organization, outcome))
            batch.outcomes.append((unit.organization, outcome, receipt.last, receipt.recordedAt))
        }
    }
}
