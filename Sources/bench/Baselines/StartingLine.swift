import Dispatch
import Synchronization

/// Holds threads until all are here: none is measured while others still connect.
final class StartingLine: Sendable {
    private let bell = DispatchSemaphore(value: 0)
    private let missing: Atomic<Int>
    private let count: Int

    init(_ count: Int) {
        self.count = count
        missing = Atomic(count)
    }

    /// Waits, and gives the moment at which it was left.
    func wait() -> ContinuousClock.Instant {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            for _ in 1..<max(count, 1) { bell.signal() }
        } else {
            bell.wait()
        }
        return .now
    }
}
