import CLibPQ
import Glibc
import Logging

/// The thread of a listener.
final class ListenerThread {
    private let settings: ConnectionSettings
    private let channels: [String]
    private let name: String
    private let reconnect: Reconnect
    private let mailbox: Mailbox
    private let stream: AsyncStream<Notification>.Continuation
    private let log: Logger

    init(
        _ settings: ConnectionSettings, channels: [String], name: String, reconnect: Reconnect, mailbox: Mailbox,
        stream: AsyncStream<Notification>.Continuation, log: Logger
    ) {
        self.settings = settings
        self.channels = channels
        self.name = name
        self.reconnect = reconnect
        self.mailbox = mailbox
        self.stream = stream
        self.log = log
    }

    func run() {
        var failures = 0
        while !mailbox.isClosing {
            do throws(PostgresError) {
                let session = try listening()
                failures = 0
                stream.yield(.reconnected)
                try hear(session)
            } catch {
                let delay = reconnect.delay(after: failures)
                failures += 1
                log.warning(
                    "lost the database", metadata: ["connection": "\(name)", "error": "\(error)", "retry": "\(delay)"])
                wait(for: delay)
            }
        }
        stream.finish()
        mailbox.hasEnded()
    }

    private func listening() throws(PostgresError) -> Session {
        let session = try Session(connecting: settings, name: name)
        for channel in channels {
            guard let quoted = PQescapeIdentifier(session.raw, channel, channel.utf8.count) else {
                throw session.error()
            }
            defer { PQfreemem(quoted) }
            let result = PQexec(session.raw, "LISTEN \(String(cString: quoted))")
            defer { PQclear(result) }
            guard let result, PQresultStatus(result) == PGRES_COMMAND_OK else { throw session.error() }
        }
        return session
    }

    /// Hands on what comes until the connection is lost (then this throws) or the listener is closed.
    private func hear(_ session: Session) throws(PostgresError) {
        while !mailbox.isClosing {
            while let raw = PQnotifies(session.raw) {
                defer { PQfreemem(raw) }
                tell(
                    .message(channel: String(cString: raw.pointee.relname), payload: String(cString: raw.pointee.extra))
                )
            }
            var descriptors = [
                pollfd(fd: PQsocket(session.raw), events: Int16(POLLIN), revents: 0),
                pollfd(fd: mailbox.wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&descriptors, 2, -1)
            if descriptors[0].revents != 0, PQconsumeInput(session.raw) != 1 { throw session.error() }
        }
    }

    private func tell(_ notification: Notification) {
        if case .dropped = stream.yield(notification) { stream.yield(.reconnected) }
    }

    private func wait(for delay: Duration) {
        var wakeup = pollfd(fd: mailbox.wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&wakeup, 1, delay.milliseconds)
    }
}
