import CLibPQ
import DequeModule

/// A connection in pipeline mode and what is under way on it. Not Sendable: it belongs to one thread.
///
/// Each Parse has a Sync of its own. Inside a unit that fails it would be skipped, and units that were sent behind it
/// would name a statement that is not there.
final class Pipeline {
    /// What stands between two Syncs.
    private struct Segment {
        /// A caller's unit, with the names its statements have; without one it is a Parse or a DEALLOCATE of ours.
        var unit: Unit?
        var names: [String] = []
        var parse: (name: String, sql: String)?
        var results: [Result] = []
        var error: PostgresError?
    }
    private let session: Session
    private var prepared = PreparedStatements()
    /// Why a statement could not be prepared: units behind it fail for lack of its name, and want the reason.
    private var refused: [String: PostgresError] = [:]
    private var segments = Deque<Segment>()
    /// The socket takes no more for now.
    private(set) var wantsToWrite = false
    /// Units that have to be sent once more, because a statement of theirs had become stale.
    private(set) var again: [Unit] = []

    /// How many segments may be under way; it bounds memory, and what is not sent can still be cancelled.
    static let depth = 256

    init(_ session: Session) throws(PostgresError) {
        self.session = session
        guard PQsetnonblocking(session.raw, 1) == 0, PQenterPipelineMode(session.raw) == 1 else {
            throw session.error()
        }
    }

    var descriptor: Int32 { PQsocket(session.raw) }
    var isIdle: Bool { segments.isEmpty }
    var takesMore: Bool { !wantsToWrite && segments.count < Self.depth }

    // MARK: - How is a unit sent?

    /// Sends a unit. An error means that the connection is lost.
    func send(_ unit: Unit) throws(PostgresError) {
        if let refusal = Self.refusal(of: unit) { return unit.ticket.resume(.failure(refusal)) }
        var names: [String] = []
        for statement in unit.statements { names.append(try prepare(statement)) }
        guard unit.ticket.send() else { return }
        for (name, statement) in zip(names, unit.statements) {
            let sent = statement.parameters.withC { PQsendQueryPrepared(session.raw, name, $0, $1, $2, $3, 1) }
            // Half a unit must not reach its Sync: the connection goes, and with it what was sent of the unit.
            guard sent == 1 else { throw lost(unit) }
        }
        try sync(Segment(unit: unit, names: names))
    }

    /// The name of the statement; a Parse is sent when it has none.
    private func prepare(_ statement: Statement) throws(PostgresError) -> String {
        if let name = prepared.name(of: statement) { return name }
        let name = prepared.add(statement)
        let sent = statement.parameters.withTypes { PQsendPrepare(session.raw, name, statement.sql, $0, $1) }
        guard sent == 1 else { throw lost(nil) }
        try sync(Segment(parse: (name, statement.sql)))
        while let old = prepared.evict() { try deallocate(old) }
        return name
    }

    private func deallocate(_ name: String) throws(PostgresError) {
        guard PQsendQueryParams(session.raw, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1) == 1 else {
            throw lost(nil)
        }
        try sync(Segment())
    }

    private func sync(_ segment: Segment) throws(PostgresError) {
        guard PQpipelineSync(session.raw) == 1 else { throw lost(segment.unit) }
        segments.append(segment)
        try flush()
    }

    /// Writes as much as the socket takes.
    func flush() throws(PostgresError) {
        switch PQflush(session.raw) {
        case 0: wantsToWrite = false
        case 1: wantsToWrite = true
        default: throw lost(nil)
        }
    }

    /// What libpq would refuse only after it has taken other statements of the unit.
    private static func refusal(of unit: Unit) -> PostgresError? {
        for statement in unit.statements {
            if statement.parameters.count > 65_535 {
                return PostgresError(.invalidValue, "a statement has more than 65,535 parameters")
            }
            if statement.parameters.byteCount + statement.sql.utf8.count > 1 << 30 {
                return PostgresError(.invalidValue, "a statement with its parameters is longer than 1 GiB")
            }
            if statement.sql.utf8.contains(0) { return PostgresError(.syntax, "a statement contains U+0000") }
        }
        return nil
    }

    // MARK: - How is it answered?

    /// Takes in what the socket has and finishes what is complete. An error means that the connection is lost.
    func receive() throws(PostgresError) {
        guard PQconsumeInput(session.raw) == 1 else { throw lost(nil) }
        var empty = 0
        while !segments.isEmpty && PQisBusy(session.raw) == 0 {
            guard let result = PQgetResult(session.raw) else {
                // The end of one statement. Several in a row come from a connection that is broken.
                empty += 1
                if empty > 2 || session.isBroken { throw lost(nil) }
                continue
            }
            empty = 0
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                finish(segments.removeFirst())
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                segments[0].results.append(Result(result))
                if segments[0].results.last?.opensTransaction == true { throw Self.mixed }
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)  // Skipped, after an error in the same segment.
            default:
                segments[0].error = PostgresError(result: result)
                PQclear(result)
            }
        }
    }

    private func finish(_ segment: Segment) {
        if let parse = segment.parse, let error = segment.error {
            prepared.remove(parse.name, of: parse.sql)
            refused[parse.name] = error
        }
        if let unit = segment.unit { answer(unit, segment) }
        if segments.isEmpty { refused.removeAll() }
    }

    /// libpq does not tell a pipeline's transaction status, so the command's own answer has to.
    private static let mixed = PostgresError(
        .connectionLost, "a unit began a transaction, into which others would fall, so its connection was given up")

    private func answer(_ unit: Unit, _ segment: Segment) {
        guard let error = segment.error else { return unit.ticket.resume(.success(segment.results)) }
        if error.kind == .undefinedStatement, let reason = segment.names.lazy.compactMap({ self.refused[$0] }).first {
            return unit.ticket.resume(.failure(reason))
        }
        // A table changed its shape (a rebuilt projection was swapped in), or somebody discarded our statements. The
        // unit was rolled back, so it can run again, with statements prepared anew.
        if !unit.isSecondAttempt, error.kind == .unsupported || error.kind == .undefinedStatement {
            for (name, statement) in zip(segment.names, unit.statements) { prepared.remove(name, of: statement.sql) }
            var unit = unit
            unit.isSecondAttempt = true
            again.append(unit)
            return
        }
        unit.ticket.resume(.failure(error))
    }

    func takeAgain() -> [Unit] {
        defer { again = [] }
        return again
    }

    // MARK: - What happens when the connection is lost?

    private func lost(_ unit: Unit?) -> PostgresError {
        let error = session.error(outcomeUnknown: true)
        unit?.ticket.resume(.failure(error))
        return error
    }

    /// Fails everything that is under way.
    func fail(_ error: PostgresError) {
        var error = error
        error.outcomeUnknown = true
        while let segment = segments.popFirst() {
            // The server's last words (it shuts down) say more than libpq's.
            var own = segment.error ?? error
            if own.kind == .connectionLost { own.outcomeUnknown = true }
            segment.unit?.ticket.resume(.failure(own))
        }
    }
}
