public import Logging

/// What a `Listener` tells.
public enum Notification: Sendable, Hashable {
    /// Somebody's NOTIFY.
    case message(channel: String, payload: String)
    /// The connection was made, at first or again, or more came than the reader took: something may have been missed,
    /// so look for yourself.
    case reconnected
}

/// Listens to notifications (LISTEN) on a connection and a thread of its own, and comes back when it is lost.
public final class Listener: Sendable {
    /// What was heard, for one reader; it ends with `close`. When the reader lags by more than 4,096, older ones are
    /// dropped, and `.reconnected` comes behind.
    public let notifications: AsyncStream<Notification>
    private let mailbox = Mailbox()

    /// Starts to listen to `channels`. `name` shows in `pg_stat_activity`.
    public init(
        _ settings: ConnectionSettings, channels: [String], name: String = "daybook listen",
        reconnect: Reconnect = Reconnect(), log: Logger
    ) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Notification.self, bufferingPolicy: .bufferingNewest(4096))
        notifications = stream
        let mailbox = mailbox
        continuation.onTermination = { _ in mailbox.close() }
        OSThread.start(name) {
            ListenerThread(
                settings, channels: channels, name: name, reconnect: reconnect, mailbox: mailbox,
                stream: continuation, log: log
            ).run()
        }
    }

    deinit { mailbox.close() }

    /// Stops listening and ends the stream.
    public func close() async {
        mailbox.close()
        await mailbox.closed()
    }
}
