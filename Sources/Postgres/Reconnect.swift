/// How a connection that is lost is made again, and how long callers wait for it.
public struct Reconnect: Sendable {
    /// The wait before the second attempt; each further one waits twice as long. The first attempt is made at once.
    public var first: Duration
    /// The longest wait between two attempts.
    public var ceiling: Duration
    /// How long what has not been sent waits for a connection before it fails with `.connectionLost`.
    public var patience: Duration
    /// A number from 0 to 1, drawn per attempt, so that many processes do not come back at the same moment:
    /// the wait is between half and the whole of what the back-off says.
    public var jitter: @Sendable () -> Double

    /// A policy; the defaults suit a server that restarts on the same machine or network.
    public init(
        first: Duration = .milliseconds(50), ceiling: Duration = .seconds(3), patience: Duration = .seconds(10),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.first = first
        self.ceiling = ceiling
        self.patience = patience
        self.jitter = jitter
    }

    /// The wait after `failures` attempts in a row that failed.
    func delay(after failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        let grown = first * (1 << min(failures - 1, 16))
        return min(grown, ceiling) * (0.5 + jitter() / 2)
    }
}
