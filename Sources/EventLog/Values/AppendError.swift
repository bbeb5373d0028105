import FoundationEssentials
import Kernel
import Postgres

/// Why a unit was not appended. Nothing of it was, except perhaps after `.unavailable` with `outcomeUnknown`.
public enum AppendError: Error, Sendable {
    /// These streams have other versions than were expected: load, decide and submit again. Empty where the log itself
    /// has moved under a decision without events.
    case moved([UUID])
    /// Another stream holds what the unit takes.
    case claimed(scope: String, digest: [UInt8], holder: UUID)
    /// The command was carried out before; this is its answer.
    case repeated(StoredOutcome)
    /// The Idempotency-Key was used for another request.
    case keyReused
    /// Too much waits already.
    case overloaded(retryAfter: Duration)
    /// `occurred_at` lies before the stream's last event.
    case timeBeforeLastEvent(stream: UUID, last: Instant)
    /// `occurred_at` lies in the future.
    case timeInFuture(stream: UUID)
    /// An event's line would have more than 65,535 bytes.
    case tooLong(stream: UUID, bytes: Int)
    /// The caller built what no log can hold; a fault of the program.
    case malformed(String)
    /// The database refused this unit; a fault of the program or of the installation.
    case refused(PostgresError)
    /// The database is away or stuck. `outcomeUnknown`: it was sent and may be committed.
    case unavailable(outcomeUnknown: Bool)
    /// The caller's task was cancelled before the unit was sent.
    case cancelled
    /// The appender was closed.
    case closed
}
