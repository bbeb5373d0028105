import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Vault

/// Everything that serves one database: connections, the log, and what is done with it. Made once in a process.
public final class Daybook: Sendable {
    /// Reads logs as the worker.
    public let reader: LogReader
    /// Appends to logs.
    public let appender: Appender
    /// Keys of organizations.
    public let keyring: Keyring
    /// Carries out commands.
    public let commands: Commands
    /// Passwords, tokens, roles.
    public let access: Access
    private let worker: PipelinedConnection
    private let copies: BlockingPool

    /// - Parameters:
    ///   - database: where it is; the schema is there already.
    ///   - clock: the time at which requests are handled and events recorded.
    public init(database: ConnectionSettings, clock: @escaping @Sendable () -> Instant, log: Logger) {
        let settings = database.with(role: "daybook_worker")
        worker = PipelinedConnection(
            settings.with(settings: ["statement_timeout": "10s"]), name: "daybook-read", log: log)
        copies = BlockingPool(settings, size: 1, name: "daybook-copy", log: log)
        reader = LogReader(worker, copies: copies)
        appender = Appender(settings, clock: clock, log: log)
        keyring = Keyring(worker)
        commands = Commands(reader: reader, appender: appender, keyring: keyring, clock: clock)
        let access = Access(database: worker, commands: commands)
        self.access = access
        commands.onCommit { access.written($0, $1) }
    }

    /// Writes what queues, then disconnects.
    public func close() async {
        await appender.close()
        await worker.close()
        await copies.close()
    }
}
