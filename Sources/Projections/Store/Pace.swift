import FoundationEssentials
import Postgres

/// An organization and the last position of its log.
struct LogHead {
    let organization: UUID
    let position: Int64

    static func all(_ result: Result) throws(PostgresError) -> [LogHead] {
        var heads: [LogHead] = []
        for row in result { heads.append(LogHead(organization: try row.uuid(0), position: try row.bigint(1))) }
        return heads
    }
}

/// How the reading of the logs is cut, and how often what is done is put down.
struct Pace: Sendable {
    /// Organizations are read together until they have so many events.
    var worthACopy: Int64 = 100_000
    /// One with more is read alone, so many at a time.
    var chunk: Int64 = 1_000_000
    /// Between two of these its rows are put down, no sooner than this after the last time.
    var rest = Duration.seconds(15)
    /// And so many times as much work as that took lies between.
    var share = 10
    /// Called after each time that something was put down: tests stop a build here.
    var afterPutDown: (@Sendable () throws -> Void)?
}
