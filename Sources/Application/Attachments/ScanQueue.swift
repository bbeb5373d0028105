import Files
import Kernel

/// How many files wait for the scanner, and how many are put aside since they cannot be scanned.
public struct ScanCounts: Sendable, Hashable {
    /// Those that are scanned next.
    public var waiting: Int
    /// Those that the scanner refuses.
    public var refused: Int
    /// Those of which it said nothing.
    public var unanswered: Int
    /// Those whose bytes are not there.
    public var unreadable: Int

    /// Counts.
    public init(waiting: Int = 0, refused: Int = 0, unanswered: Int = 0, unreadable: Int = 0) {
        (self.waiting, self.refused) = (waiting, refused)
        (self.unanswered, self.unreadable) = (unanswered, unreadable)
    }
}

/// Files that wait for the scanner, in order. One that cannot be scanned is put aside and tried again, ever more
/// seldom; those behind it go on. Pure.
struct ScanQueue {
    /// Why a file could not be scanned.
    enum Hindrance: Sendable, Hashable {
        /// The scanner refuses it, as one that is too long for it.
        case refused
        /// The scanner began with it and said nothing.
        case unanswered
        /// Its bytes are not in the store, or not as they were sealed, or cannot be opened.
        case unreadable
    }
    private struct Aside {
        let why: Hindrance
        let times: Int
        let until: Instant
    }

    /// Seconds until it is tried again: after the first time, the second, and so on.
    static let pauses: [Int64] = [60, 600, 3600, 6 * 3600, 86_400]

    private var waiting: [FileName] = []
    private var aside: [FileName: Aside] = [:]
    /// What nobody will ever scan: its bytes were taken away for good.
    private var gone: Set<FileName> = []

    /// Adds files that are not known yet.
    mutating func add(_ more: some Sequence<FileName>) {
        for name in more where aside[name] == nil && !gone.contains(name) && !waiting.contains(name) {
            waiting.append(name)
        }
    }

    /// The next one: first what was never tried, then what is to be tried again.
    mutating func next(at now: Instant) -> FileName? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        return aside.filter { $0.value.until <= now }.min { $0.value.until < $1.value.until }?.key
    }

    /// It was scanned.
    mutating func settle(_ name: FileName) { aside[name] = nil }
    /// There is nothing to be scanned any more.
    mutating func forget(_ name: FileName) {
        aside[name] = nil
        gone.insert(name)
    }
    /// It could not be scanned.
    mutating func putAside(_ name: FileName, _ why: Hindrance, at now: Instant) {
        let times = aside[name]?.times ?? 0
        let pause = Self.pauses[min(times, Self.pauses.count - 1)]
        aside[name] = Aside(
            why: why, times: times + 1, until: Instant(microseconds: now.microseconds + pause * 1_000_000))
    }
    /// Leaves what waits: it is asked for anew.
    mutating func clear() { waiting = [] }

    /// Those that need not be asked for.
    var known: [FileName] { Array(aside.keys) + gone }
    var counts: ScanCounts {
        aside.values.reduce(into: ScanCounts(waiting: waiting.count)) { counts, one in
            switch one.why {
            case .refused: counts.refused += 1
            case .unanswered: counts.unanswered += 1
            case .unreadable: counts.unreadable += 1
            }
        }
    }
}
