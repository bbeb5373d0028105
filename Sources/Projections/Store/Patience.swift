import Glibc
import Kernel
import Postgres

/// A session that a swap waits for.
public struct Reader: Sendable, Codable, Equatable {
    /// The process id of its backend: `pg_terminate_backend` takes it.
    public let pid: Int32
    /// What it calls itself, or its login.
    public let application: String
    /// `active`, `idle in transaction` …; nil without the right to see it.
    public let state: String?
    /// Since its transaction began; nil without the right to see it.
    public let seconds: Double?

    /// "1234 (psql, active for 312 s)".
    public var sentence: String {
        let since = seconds.map { " for \(Int($0)) s" } ?? ""
        return "\(pid) (\(application)\(state.map { ", \($0)" } ?? "")\(since))"
    }
}

/// How an exchange of tables waits for those who read them, without anybody waiting for it.
struct Patience {
    let connection: BlockingConnection
    /// The tables and views concerned: whoever holds them is named.
    let relations: [String]
    /// Seconds until it gives up.
    var seconds = 120.0
    /// Is told whom it waits for, and of nobody when it waits no more.
    var waiting: ([Reader]) -> Void = { _ in }

    init(_ connection: BlockingConnection, _ relations: [String]) {
        self.connection = connection
        self.relations = relations
    }

    /// What was to be done is not as it was when it began: what stands between two attempts is needed first.
    struct Again: Error {}

    /// Tries a transaction again as long as somebody holds a lock that it needs, or a projector was faster; `between`
    /// two attempts other work can go on.
    /// - Throws: `ReadModelError` that names whom it waited for.
    func run<T>(between: () throws -> Void = {}, _ body: () throws -> T) throws -> T {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var pause: UInt32 = 20_000
        while true {
            do {
                let value = try connection.transaction {
                    try Patience.prepare(connection)
                    return try body()
                }
                waiting([])
                return value
            } catch let error where Patience.passes(error) {
                let readers = try find()
                waiting(readers)
                if ContinuousClock.now > deadline { throw ReadModelError(Patience.sentence(readers)) }
                // Each attempt holds up readers for as long as it waits: fewer of them the longer it takes.
                usleep(UInt32.random(in: pause / 2...pause))
                pause = min(pause * 2, 900_000)
                try between()
            }
        }
    }

    /// A swap waits for nobody longer than 100 ms, so nobody waits longer for it. One at a time in a database.
    private static func prepare(_ connection: BlockingConnection) throws {
        try connection.execute("SET LOCAL lock_timeout = '100ms'")
        try connection.query(Statement("SELECT pg_advisory_xact_lock(hashtextextended('daybook swap', 0))"))
    }

    private static func passes(_ error: any Error) -> Bool {
        if error is Again { return true }
        switch (error as? PostgresError)?.kind {
        case .lockTimeout, .deadlock: return true
        case _: return false
        }
    }

    private static func sentence(_ readers: [Reader]) -> String {
        let whom = readers.map(\.sentence).joined(separator: ", ")
        return "the tables are in use by \(whom.isEmpty ? "somebody" : whom): end that, or try again later"
    }

    /// Asked as the login itself, which may see its own sessions in whatever role they are.
    private func find() throws -> [Reader] {
        try connection.transaction {
            try connection.execute("SET LOCAL ROLE NONE")
            return try connection.query(Statement(SQL.holders) { $0.texts(relations) }).map { row in
                Reader(
                    pid: try row.int(0), application: try row.text(1), state: try row.text(orNil: 2),
                    seconds: try row.double(orNil: 3))
            }
        }
    }
}
