public import Kernel

/// What became of a request about many records, and where the log is after it.
public struct Told: Sendable {
    /// The answer's members.
    public let body: JSON
    /// The log's head.
    public let position: PositionToken
}
