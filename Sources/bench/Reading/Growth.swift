import Kernel
import Postgres
import Synchronization

/// A log that goes on from pass to pass.
final class Growth: Sendable {
    let options: ReadingOptions
    let ground: Ground
    private let step: Int
    private let last = Mutex<Range<Int64>>(0..<0)

    init(_ options: ReadingOptions, _ step: Int, _ ground: Ground) {
        (self.options, self.step, self.ground) = (options, step, ground)
    }

    /// What came last: behind its lower bound, up to its upper one.
    var range: Range<Int64> { last.withLock { $0 } }

    /// Lets it grow.
    func next() async throws {
        let log = options.log
        let head = try await ground.administer(as: "postgres") { [step] connection in
            let head = try connection.query(Statement(SQL.filled) { $0.uuid(log.organization) })[0].bigint(0)
            try log.fill(to: Int(head) + step, connection)
            return head
        }
        last.withLock { $0 = head..<head + Int64(step) }
    }
}
