import DequeModule
public import Logging

/// A few blocking connections, each on a thread of its own; jobs wait in one line for the first that is free.
///
/// A connection is made when it is first needed, and replaced when it is broken or its job was cancelled. A job that
/// finds no server waits for one as long as `Reconnect.patience` says, and then fails with `.connectionLost`.
public final class BlockingPool: Sendable {
    private let line = JobLine()
    private let size: Int

    /// Starts `size` threads (at least one). `name` shows in `pg_stat_activity`.
    public init(
        _ settings: ConnectionSettings, size: Int = 2, name: String = "daybook", reconnect: Reconnect = Reconnect(),
        log: Logger
    ) {
        self.size = max(size, 1)
        let line = line
        line.threadsStart(self.size)
        for number in 1...self.size {
            OSThread.start("\(name)-\(number)") {
                BlockingThread(settings, name: name, reconnect: reconnect, line: line, log: log).run()
            }
        }
    }

    deinit { line.close() }

    /// Runs `body` on the next free connection's thread, where it may block, and gives what it returns.
    ///
    /// When the task is cancelled, a body that has not begun never does, and the statement that runs is cancelled on
    /// the server; both throw `.cancelled`. A transaction that `body` leaves open is rolled back.
    public func run<T: Sendable>(_ body: @escaping @Sendable (BlockingConnection) throws -> T) async throws -> T {
        let interrupt = Interrupt()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<T, any Error>) in
                let job = Job(interrupt: interrupt) { connection in
                    continuation.resume(with: Swift.Result { try body(connection.get()) })
                }
                guard line.put(job) else {
                    return continuation.resume(throwing: PostgresError(.closed, "the pool is closed"))
                }
                // Its task may have been cancelled before it stood in the line.
                if interrupt.isRequested { line.endCancelled() }
            }
        } onCancel: {
            interrupt.request()
            line.endCancelled()
        }
    }

    /// Takes no more jobs, lets those that were given end, and disconnects.
    public func close() async {
        line.close()
        await line.closed()
    }
}

/// What `run` was given.
struct Job: Sendable {
    let interrupt: Interrupt
    let body: @Sendable (Swift.Result<BlockingConnection, PostgresError>) -> Void

    /// Its task was cancelled before its body began. Whoever was to tell the server of that has nothing to tell.
    func endUnbegun() {
        interrupt.end()
        body(.failure(PostgresError(.cancelled, "cancelled before it began")))
    }
}
