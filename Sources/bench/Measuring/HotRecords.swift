import FoundationEssentials
import Kernel
import Synchronization

/// Records that everybody wants to change, with the versions that this process knows of.
final class HotRecords: Sendable {
    /// What is known of a record, and as of which head.
    struct Known: Sendable {
        var stream: UUID
        var version: Int32 = 0
        var readAt: Int64 = 0
    }
    private let known: Mutex<[Known]>
    private let count: Int

    init(count: Int) {
        var dice = Dice(seed: Seeds.next())
        self.count = count
        known = Mutex((0..<count).map { _ in Known(stream: .v7(at: now(), random: dice.words())) })
    }

    subscript(number: Int) -> Known { known.withLock { $0[number] } }

    func any(_ dice: inout Dice) -> Int { Int.random(in: 0..<count, using: &dice) }

    /// News of a record, unless newer is known already.
    func learn(_ number: Int, version: Int32, readAt: Int64) {
        known.withLock { known in
            guard version >= known[number].version else { return }
            known[number].version = version
            known[number].readAt = max(readAt, known[number].readAt)
        }
    }
}
