import Foundation
import Kernel

/// The machine's clock: the only place where time comes from.
enum Clock {
    @Sendable static func now() -> Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
