import Glibc
import Logging

/// A thread of a pool, with its connection.
final class BlockingThread {
    private let settings: ConnectionSettings
    private let name: String
    private let reconnect: Reconnect
    private let line: JobLine
    private let log: Logger
    private var connection: BlockingConnection?

    init(_ settings: ConnectionSettings, name: String, reconnect: Reconnect, line: JobLine, log: Logger) {
        self.settings = settings
        self.name = name
        self.reconnect = reconnect
        self.line = line
        self.log = log
    }

    func run() {
        loop: while true {
            switch line.next() {
            case .job(let job) where job.interrupt.isRequested: job.endUnbegun()
            case .job(let job): run(job)
            case .end: break loop
            }
        }
        connection = nil
        line.threadEnds()
    }

    private func run(_ job: Job) {
        do throws(PostgresError) {
            let connection = try connected(job.interrupt)
            connection.lend(to: job.interrupt)
            job.body(.success(connection))
            job.interrupt.end()
            if !connection.isFit() { self.connection = nil }
        } catch {
            job.interrupt.end()
            job.body(.failure(error))
        }
    }

    /// The connection, made anew when the server has closed it meanwhile.
    private func connected(_ interrupt: Interrupt) throws(PostgresError) -> BlockingConnection {
        if let connection, !connection.session.hasDied() { return connection }
        connection = nil
        let deadline = ContinuousClock.now + reconnect.patience
        var failures = 0
        while true {
            do throws(PostgresError) {
                let made = try BlockingConnection(settings, name: name)
                connection = made
                return made
            } catch {
                failures += 1
                let delay = reconnect.delay(after: failures)
                if error.kind == .invalidSettings || ContinuousClock.now + delay > deadline { throw error }
                if interrupt.isRequested { throw PostgresError(.cancelled, "cancelled before it began") }
                log.warning(
                    "no database", metadata: ["connection": "\(name)", "error": "\(error)", "retry": "\(delay)"])
                usleep(UInt32(max(delay.milliseconds, 1)) * 1000)
            }
        }
    }
}
