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

    /// Forgets the oldest changes beyond `capacity`. Not while a batch is being judged: it needs what was looked up.
    mutating func trim() {
        while order.count > capacity, let oldest = order.popFirst() {
            // One that changed again since stays: its later mention is still in `order`.
            if streams[oldest.stream]?.position == oldest.position { streams[oldest.stream] = nil }
            start = max(start, oldest.position)
        }
    }
}
