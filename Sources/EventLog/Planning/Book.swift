import DequeModule
import FoundationEssentials
import Kernel

/// What is known of a stream without asking.
struct StreamFact: Sendable, Equatable {
    /// Its version; 0 where it has no event.
    var version: Int32
    /// When its last event occurred.
    var occurredAt: Instant?
}

/// What the appender knows of one organization's log, as of the head that it knows.
///
/// An insert at head + 1 that succeeds proves that nothing else happened, and so all of it; one that fails, the
/// contrary. A batch that is planned counts as written here, so that the next can be planned upon it; where it fails,
/// all is forgotten.
struct Book {
    /// The log's end, while it is known.
    private(set) var tip: Tip?
    var head: Head? { tip?.head }
    /// The head that was last read or acknowledged: when another one is read, another process has written.
    private(set) var lastPosition: Position?
    /// Every stream that changed after this position is in `streams`.
    private(set) var start: Position = 0
    private var streams: [UUID: (fact: StreamFact, position: Position)] = [:]
    private var order = Deque<(position: Position, stream: UUID)>()
    /// For how many batches the advisory lock is taken before the head is read.
    var pessimistic = 0

    /// For how many batches a process queues on the lock after it has lost a race (FACTS-append §2, C2).
    static let pessimism = 16
    /// The most changes of streams that are remembered of one organization.
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// What is known of a stream, if anything is.
    func fact(of stream: UUID) -> StreamFact? { streams[stream]?.fact }

    /// A head was read from the primary. What was known before it holds no longer.
    mutating func open(at tip: Tip, isLocked: Bool) {
        let head = tip.head
        let others = lastPosition.map { $0 != head.position } ?? false
        forget()
        self.tip = tip
        lastPosition = head.position
        start = head.position
        reckon(others: others, isLocked: isLocked)
    }

    /// What follows the known head was read behind the lock: `steps`, beginning with the event at the head. What was
    /// known still holds. Where they are as many as were asked for, or follow another head than this one, nothing is
    /// known any more.
    mutating func follow(_ steps: [Step], limit: Int) {
        guard var tip, steps.count < limit else { return forget() }
        var rest = steps[...]
        if tip.head.position > 0 {
            guard let first = rest.popFirst(), first.position == tip.head.position, first.leaf == tip.head.leaf else {
                return forget()
            }
        }
        for step in rest {
            guard step.position == tip.head.position + 1 else { return forget() }
            tip.head = Head(position: step.position, leaf: step.leaf, recordedAt: step.recordedAt)
            _ = tip.frontier.append(leaf: step.leaf)
            remember(step.stream, step.fact, at: step.position)
        }
        self.tip = tip
        lastPosition = tip.head.position
        reckon(others: !rest.isEmpty, isLocked: true)
    }

    private mutating func reckon(others: Bool, isLocked: Bool) {
        if others {
            pessimistic = Book.pessimism
        } else if isLocked, pessimistic > 0 {
            pessimistic -= 1
        }
    }

    /// The lock is taken before the head is read next.
    mutating func queue() { pessimistic = max(pessimistic, 1) }

    /// Nothing that was known can be relied upon.
    mutating func forget() {
        tip = nil
        forgetStreams()
    }

    /// Gives memory back; whoever read before the head has to be looked up.
    mutating func forgetStreams() {
        streams = [:]
        order = []
        start = head?.position ?? lastPosition ?? 0
    }

    /// A stream was read, at or after the head.
    mutating func learn(_ stream: UUID, _ fact: StreamFact) {
        guard let head else { return }
        remember(stream, fact, at: head.position)
    }

    /// Own events are planned: `facts` are the streams' states after them, `tip` the new end.
    mutating func advance(to tip: Tip, _ facts: [UUID: StreamFact]) {
        self.tip = tip
        for (stream, fact) in facts { remember(stream, fact, at: tip.head.position) }
    }

    /// Own events up to here were committed.
    mutating func acknowledge(_ position: Position) { lastPosition = position }

    private mutating func remember(_ stream: UUID, _ fact: StreamFact, at position: Position) {
        streams[stream] = (fact, position)
        order.append((position, stream))
    }

    /// The streams of a unit whose versions, or last times, nobody remembers. `whenMoved`: take it that the log moved.
    func unknown(of pending: Pending, whenMoved: Bool = false) -> [StreamKey] {
        let unit = pending.unit
        let mustLook = whenMoved || pending.attempts > 0 || unit.readAt < start
        let stated = Set(unit.drafts.lazy.filter { $0.occurredAt != nil }.map(\.stream))
        return unit.expected.compactMap { stream, version in
            if !whenMoved, fact(of: stream) != nil { return nil }
            // A new stream has no last event, so its times need nothing but its version.
            return mustLook || version > 0 && stated.contains(stream)
                ? StreamKey(organization: unit.organization, stream: stream) : nil
        }
    }

    /// Forgets the oldest changes beyond `capacity`. Not while a batch is being judged: it needs what was looked up.
    mutating func trim() {
        while order.count > capacity, let oldest = order.popFirst() {
            // One that changed again since stays: its later mention is still in `order`.
            if streams[oldest.stream]?.position == oldest.position { streams[oldest.stream] = nil }
            start = max(start, oldest.position)
        }
    }
}
