import CLibPQ
import Glibc

/// A libpq connection. Not Sendable: it belongs to one thread.
final class Session {
    let raw: OpaquePointer

    /// Starts to connect; `PQconnectPoll` goes on.
    init(starting settings: ConnectionSettings, name: String) throws(PostgresError) {
        let started = try settings.withKeywords(name: name) { PQconnectStartParams($0, $1, 0) }
        guard let started else { throw PostgresError(.insufficientResources, "there is no memory for a connection") }
        raw = started
        // Without this libpq writes notices to standard error; what is worth knowing comes as an error.
        PQsetNoticeProcessor(raw, { _, _ in }, nil)
    }

    /// Connects, and blocks until that is done or has failed.
    convenience init(connecting settings: ConnectionSettings, name: String) throws(PostgresError) {
        try self.init(starting: settings, name: name)
        guard PQstatus(raw) != CONNECTION_BAD else { throw error() }
        var events = Int16(POLLOUT)
        let deadline = ContinuousClock.now + .seconds(settings.connectTimeout)
        while true {
            var descriptor = pollfd(fd: PQsocket(raw), events: events, revents: 0)
            let left = deadline - .now
            if left <= .zero { throw PostgresError(.connectionLost, "the server did not answer in time") }
            guard poll(&descriptor, 1, left.milliseconds) > 0 else { continue }
            guard let next = try connectStep() else { return }
            events = next
        }
    }

    /// One step of connecting: what to poll the socket for next, or nil when the connection is made.
    func connectStep() throws(PostgresError) -> Int16? {
        switch PQconnectPoll(raw) {
        case PGRES_POLLING_OK: return nil
        case PGRES_POLLING_READING: return Int16(POLLIN)
        case PGRES_POLLING_WRITING: return Int16(POLLOUT)
        default: throw error()
        }
    }

    deinit { PQfinish(raw) }

    var isBroken: Bool { PQstatus(raw) == CONNECTION_BAD }

    /// Whether the server has closed this idle connection meanwhile: looks, never waits.
    ///
    /// A server that shuts down says so before it closes, and to an idle connection it says nothing else of weight.
    func hasDied() -> Bool {
        var descriptor = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) != 0 || isBroken
    }

    func error(outcomeUnknown: Bool = false) -> PostgresError {
        PostgresError(connection: raw, outcomeUnknown: outcomeUnknown)
    }
}

extension ConnectionSettings {
    /// Seconds; libpq's own time limit does not hold for connections made step by step.
    var connectTimeout: Int {
        let stated = try? keywords(name: "").first { $0.keyword == "connect_timeout" }
        return stated.flatMap { Int($0.value) }.map { $0 > 0 ? $0 : 3600 } ?? 10
    }
}

extension Duration {
    /// For poll(2): rounded up, so that nobody wakes too early and spins.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        return Int32(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
