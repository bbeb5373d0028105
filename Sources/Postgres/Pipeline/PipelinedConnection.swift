public import Logging

/// One connection that many tasks share without waiting for each other's round trips (libpq's pipeline mode).
///
/// What concurrent callers submit is sent at once, behind what is still running; nobody blocks. The statements of one
/// `run` are one round trip and one implicit transaction: all or nothing, and its failure is nobody else's. So there is
/// no BEGIN, COMMIT or SAVEPOINT in a unit (one that leaves a transaction open costs the connection), and no COPY or
/// statement that Postgres refuses inside a transaction. Each statement is parsed before its unit runs: a unit cannot
/// use a table that it creates itself. A slow statement holds up what was sent behind it: give reports a connection of
/// their own, with `statement_timeout`.
///
/// When the connection is lost, units in flight fail with `.connectionLost` and `outcomeUnknown`; those not yet sent
/// wait for the next connection for as long as `Reconnect.patience` says.
public final class PipelinedConnection: Sendable {
    private let mailbox = Mailbox()

    /// Starts the connection's thread; it connects at once, in the background. `name` shows in `pg_stat_activity`.
    public init(
        _ settings: ConnectionSettings, name: String = "daybook", reconnect: Reconnect = Reconnect(), log: Logger
    ) {
        let mailbox = mailbox
        OSThread.start(name) {
            PipelineThread(settings, name: name, reconnect: reconnect, mailbox: mailbox, log: log).run()
        }
    }

    deinit { mailbox.close() }

    /// The session that it has, by a number that none before had; nil while it has none.
    ///
    /// A server that crashes ends every session, and may take back commits that did not wait for the disk. So whoever
    /// has a session, reads on whatever connection, and then writes `on` that session, relies on nothing that was taken
    /// back in between.
    public var session: Int? { mailbox.session }

    /// Runs the statements in order, as one transaction and one round trip, and gives a result for each.
    ///
    /// If the task is cancelled, this throws `.cancelled` at once. What was not sent by then never will be; what was
    /// (`outcomeUnknown`) runs on, and its result is dropped.
    /// - Parameter session: where it is not on this session any more, nothing is sent, and this throws
    ///   `.connectionLost` without `outcomeUnknown`.
    public func run(_ unit: [Statement], on session: Int? = nil) async throws(PostgresError) -> [Result] {
        guard !unit.isEmpty else { return [] }
        let ticket = Ticket()
        let answer = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Ticket.Answer, Never>) in
                guard ticket.wait(continuation) else { return }
                if !mailbox.put(Unit(statements: unit, ticket: ticket, session: session)) {
                    ticket.resume(.failure(PostgresError(.closed, "the connection is closed")))
                }
            }
        } onCancel: {
            ticket.cancel()
        }
        return try answer.get()
    }

    /// Runs one statement, as a transaction of its own.
    public func query(_ statement: Statement) async throws(PostgresError) -> Result {
        try await run([statement])[0]
    }

    /// Takes nothing more, lets what was submitted end (or fail, without a connection), and disconnects.
    public func close() async {
        mailbox.close()
        await mailbox.closed()
    }
}
