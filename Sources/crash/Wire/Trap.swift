/// What goes wrong at one point of the conversation between a server process and Postgres.
struct Trap: Sendable {
    /// Where in an exchange: what a client sends up to a Sync is one transaction, answered up to ReadyForQuery.
    enum Point: Sendable, CaseIterable {
        /// Nothing of it has reached Postgres.
        case beforeStatement
        /// Postgres has run the statement and waits for the Sync that commits it.
        case beforeCommit
        /// It is committed; the answer has left Postgres and not reached the process.
        case beforeAnswer
    }
    enum Deed: Sendable, Hashable {
        case pause(milliseconds: Int)
        case cut
        /// Half of what is under way arrives, then it is cut.
        case tear
        case killWorker
        case killPostgres
        /// Cut towards the process, while the session goes on to hold what it holds for a while.
        case abandon(milliseconds: Int)

        /// As the summary counts it.
        var name: String {
            switch self {
            case .pause: "pause"
            case .cut: "connection cut"
            case .tear: "message torn"
            case .killWorker: "kill -9 of a server"
            case .killPostgres: "kill -9 of Postgres"
            case .abandon: "session left behind"
            }
        }
    }

    /// `application_name` of the connection: `append`, `projections writing`, …
    let connection: String
    /// Which exchange on connections of that name through this proxy, from 1.
    let exchange: Int
    let point: Point
    let deed: Deed
}
