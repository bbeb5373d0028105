import CLibPQ
import Glibc

/// Many statements without a round trip each, on a connection that is otherwise waited for.
extension BlockingConnection {
    /// Runs the statements in order, in one round trip, and gives a result for each; the first error is thrown.
    ///
    /// Outside a transaction they are one implicit transaction; inside, an error fails that transaction. `meanwhile` is
    /// called once all is sent, and again whenever the time that it gives has passed without an answer; nil: not again.
    public func runPipelined(
        _ statements: [Statement], meanwhile: () -> Duration? = { nil }
    ) throws(PostgresError) -> [Result] {
        try check()
        guard !statements.isEmpty else { return [] }
        guard PQsetnonblocking(session.raw, 1) == 0, PQenterPipelineMode(session.raw) == 1 else { throw lost() }
        defer {
            // Both refuse as long as something is under way, which is so only after an error of the connection.
            if PQexitPipelineMode(session.raw) != 1 || PQsetnonblocking(session.raw, 0) != 0 { spoil() }
        }
        var parsed: [Statement] = []
        do throws(PostgresError) {
            var isParse: [Bool] = []
            for statement in statements {
                if prepared.name(of: statement) == nil {
                    try sendParse(statement)
                    parsed.append(statement)
                    isParse.append(true)
                }
                try send(statement)
                isParse.append(false)
            }
            guard PQpipelineSync(session.raw) == 1 else { throw lost() }
            try wait(meanwhile)
            return zip(try receivePipelined(isParse.count), isParse).filter { !$1 }.map { $0.0 }
        } catch {
            // A Parse behind the error was skipped, so the names of this run mean nothing; and where a table changed
            // its shape, or somebody discarded what was prepared, the older ones neither.
            let isStale = error.kind == .undefinedStatement || error.kind == .unsupported
            for statement in isStale ? statements : parsed { forget(statement) }
            throw error
        }
    }

    private func sendParse(_ statement: Statement) throws(PostgresError) {
        let name = prepared.add(statement)
        let sent = statement.parameters.withTypes { PQsendPrepare(session.raw, name, statement.sql, $0, $1) }
        guard sent == 1 else { throw lost() }
    }

    private func send(_ statement: Statement) throws(PostgresError) {
        let name = prepared.name(of: statement) ?? ""
        let sent = statement.parameters.withC { PQsendQueryPrepared(session.raw, name, $0, $1, $2, $3, 1) }
        guard sent == 1 else { throw lost() }
    }

    private func receivePipelined(_ count: Int) throws(PostgresError) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(count)
        var error: PostgresError?
        while true {
            try exchange()
            guard let raw = PQgetResult(session.raw) else {
                if session.isBroken { throw lost() }
                continue
            }
            switch PQresultStatus(raw) {
            case PGRES_PIPELINE_SYNC:
                PQclear(raw)
                if let error { throw error }
                return results
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: results.append(Result(raw))
            case PGRES_PIPELINE_ABORTED: PQclear(raw)
            default:
                error = error ?? failure(raw)
                PQclear(raw)
                if session.isBroken { throw error ?? lost() }
            }
        }
    }

    /// Does other work until there is a result to take, or nothing more to do meanwhile.
    private func wait(_ meanwhile: () -> Duration?) throws(PostgresError) {
        try flush()
        while let pause = meanwhile() { if try exchange(until: .now + pause) { return } }
    }

    /// Writes what can be written without waiting.
    /// - Returns: whether that was all.
    @discardableResult
    private func flush() throws(PostgresError) -> Bool {
        let unsent = PQflush(session.raw)
        if unsent < 0 { throw lost() }
        return unsent == 0
    }

    /// Writes and reads until there is a result to take, or it is time. Both at once: with both buffers full, waiting
    /// for either one alone would last for ever.
    /// - Returns: whether there is a result.
    @discardableResult
    private func exchange(until end: ContinuousClock.Instant? = nil) throws(PostgresError) -> Bool {
        while true {
            let isSent = try flush()
            if PQisBusy(session.raw) == 0 { return true }
            let events = POLLIN | (isSent ? 0 : POLLOUT)
            var descriptor = pollfd(fd: PQsocket(session.raw), events: Int16(events), revents: 0)
            if let end {
                // poll(2) knows milliseconds only.
                var left = timespec(max(end - .now, .zero))
                if ppoll(&descriptor, 1, &left, nil) == 0 { return false }
            } else {
                _ = poll(&descriptor, 1, -1)
            }
            if Int32(descriptor.revents) & ~POLLOUT != 0, PQconsumeInput(session.raw) != 1 { throw lost() }
        }
    }
}

extension timespec {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    }
}
