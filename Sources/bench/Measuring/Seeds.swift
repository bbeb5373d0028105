import Glibc
import Synchronization

/// Seeds that no other part of this run has had, nor another process beside it.
enum Seeds {
    private static let last = Atomic<Int>(Int(getpid()) << 24)
    static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
