import CLibPQ
import DequeModule
import Glibc
import Logging

/// The thread of a pipelined connection: connects, sends what callers queued, hands out answers, connects again.
final class PipelineThread {
    private enum Phase {
        case waiting(until: ContinuousClock.Instant)
        case connecting(Session, events: Int16, until: ContinuousClock.Instant)
        case connected(Pipeline)
    }
    private let settings: ConnectionSettings
    private let name: String
    private let reconnect: Reconnect
    private let mailbox: Mailbox
    private let log: Logger
    private var phase = Phase.waiting(until: .now)
    private var units = Deque<Unit>()
    private var failures = 0
    /// How many sessions there were; the number of the one that is.
    private var sessions = 0
    private var lastError = PostgresError(.connectionLost, "there was no connection yet")

    init(_ settings: ConnectionSettings, name: String, reconnect: Reconnect, mailbox: Mailbox, log: Logger) {
        self.settings = settings
        self.name = name
        self.reconnect = reconnect
        self.mailbox = mailbox
        self.log = log
    }

    func run() {
        while true {
            let isClosing = mailbox.take(into: &units)
            advance()
            if isClosing && hasNothingLeft() { break }
            sleep()
        }
        phase = .waiting(until: .now)  // disconnects
        mailbox.session = nil
        mailbox.hasEnded()
    }

    /// Whether all is done that can be done, when nothing more is to come.
    private func hasNothingLeft() -> Bool {
        switch phase {
        case .connected(let pipeline): return units.isEmpty && pipeline.isIdle
        case .connecting where !units.isEmpty: return false
        case .connecting, .waiting: break
        }
        while let unit = units.popFirst() {
            unit.ticket.resume(.failure(PostgresError(.closed, "the connection was closed while it was lost")))
        }
        return true
    }

    // MARK: - What can be done without waiting?

    private func advance() {
        switch phase {
        case .waiting(let until):
            if until <= .now { connect() }
            expire()
        case .connecting(_, _, let until):
            if until <= .now { lost(PostgresError(.connectionLost, "the server did not answer in time")) }
            expire()
        case .connected(let pipeline):
            while pipeline.takesMore, let unit = units.popFirst() {
                if let session = unit.session, session != sessions {
                    unit.ticket.resume(.failure(Self.gone))
                    continue
                }
                do throws(PostgresError) {
                    try pipeline.send(unit)
                } catch {
                    // Nothing of it was sent, or its caller knows already and nothing will be.
                    units.prepend(unit)
                    return lost(error)
                }
            }
        }
    }

    private func connect() {
        do throws(PostgresError) {
            let session = try Session(starting: settings, name: name)
            if session.isBroken { throw session.error() }
            phase = .connecting(
                session, events: Int16(POLLOUT), until: .now + .seconds(settings.connectTimeout))
        } catch {
            lost(error)
        }
    }

    private static let gone = PostgresError(.connectionLost, "the session that it was for is gone")

    /// Fails what was for a session that is gone, and what has waited too long for a connection.
    private func expire() {
        let now = ContinuousClock.now
        units.removeAll { unit in
            if unit.session != nil { unit.ticket.resume(.failure(Self.gone)) }
            return unit.session != nil
        }
        // No patience makes a wrong URL right.
        let patience = lastError.kind == .invalidSettings ? .zero : reconnect.patience
        for index in units.indices where units[index].deadline == nil { units[index].deadline = now + patience }
        while let unit = units.first, let deadline = unit.deadline, deadline <= now {
            units.removeFirst()
            unit.ticket.resume(.failure(lastError))
        }
    }

    private func lost(_ error: PostgresError) {
        lastError = error
        lastError.outcomeUnknown = false
        mailbox.session = nil
        if case .connected(let pipeline) = phase {
            // What was to be sent once more is sent on the next connection.
            for unit in pipeline.takeAgain().reversed() { units.prepend(unit) }
            pipeline.fail(error)
        }
        let delay = reconnect.delay(after: failures)
        failures += 1
        log.warning(
            "lost the database", metadata: ["connection": "\(name)", "error": "\(lastError)", "retry": "\(delay)"])
        phase = .waiting(until: .now + delay)
    }

    // MARK: - What is waited for?

    private func sleep() {
        var descriptors = [pollfd(fd: mailbox.wakeup.descriptor, events: Int16(POLLIN), revents: 0)]
        var until: ContinuousClock.Instant?
        switch phase {
        case .waiting(let next): until = next
        case .connecting(let session, let events, let limit):
            descriptors.append(pollfd(fd: PQsocket(session.raw), events: events, revents: 0))
            until = limit
        case .connected(let pipeline):
            let events = POLLIN | (pipeline.wantsToWrite ? POLLOUT : 0)
            descriptors.append(pollfd(fd: pipeline.descriptor, events: Int16(events), revents: 0))
        }
        if until != nil, let deadline = units.first?.deadline { until = min(until ?? deadline, deadline) }
        var timeout = until.map { max($0 - .now, .zero).milliseconds } ?? -1
        if !mailbox.maySleep() { timeout = 0 }
        _ = poll(&descriptors, nfds_t(descriptors.count), timeout)
        if descriptors[0].revents != 0 { mailbox.wakeup.clear() }
        if descriptors.count > 1, descriptors[1].revents != 0 { react(to: Int32(descriptors[1].revents)) }
    }

    private func react(to events: Int32) {
        do throws(PostgresError) {
            switch phase {
            case .waiting: break
            case .connecting(let session, _, let until):
                if let events = try session.connectStep() {
                    phase = .connecting(session, events: events, until: until)
                } else {
                    phase = .connected(try Pipeline(session))
                    if failures > 0 { log.info("the database is back", metadata: ["connection": "\(name)"]) }
                    failures = 0
                    sessions += 1
                    mailbox.session = sessions
                    for index in units.indices { units[index].deadline = nil }
                }
            case .connected(let pipeline):
                if events & POLLOUT != 0 { try pipeline.flush() }
                if events & ~POLLOUT != 0 { try pipeline.receive() }
                for unit in pipeline.takeAgain().reversed() { units.prepend(unit) }
            }
        } catch {
            lost(error)
        }
    }
}
