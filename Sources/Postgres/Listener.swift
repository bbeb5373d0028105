public import Logging

/// What a `Listener` tells.
public enum Notification: Sendable, Hashable {
    /// Somebody's NOTIFY.
    case message(channel: String, payload: String)
    /// The connection was made, at first or again: whatever was notified before was not heard, so look for yourself.
    case reconnected
}

/// Listens to notifications (LISTEN) on a connection and a thread of its own, and comes back when it is lost.
public final class Listener: Sendable {
    /// What was heard, for one reader. When the reader lags by more than 4,096, older ones are dropped.
    public let notifications: AsyncStream<Notification>

    /// Starts to listen to `channels`.
    public init(
        _ settings: ConnectionSettings, channels: [String], name: String = "listen",
        reconnect: Reconnect = Reconnect(), log: Logger
    ) {
        notifications = AsyncStream { $0.finish() }
    }

    /// Stops, and ends the stream.
    public func close() async {}
}
