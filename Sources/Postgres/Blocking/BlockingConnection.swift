import CLibPQ
import Glibc

/// A connection on which each call waits for its answer: for transactions whose next statement depends on the last
/// one's result, for COPY, for advisory locks, for DDL.
///
/// Not Sendable: it belongs to the thread that `BlockingPool.run` lends it to, and is of no use outside that call.
public final class BlockingConnection {
    let session: Session
    /// The cancellation of the job that it is lent to.
    private(set) var interrupt = Interrupt()
    var prepared = PreparedStatements()
    private var seenOnce: Set<Int> = []
    /// Nothing of ours may run on it any more.
    private(set) var isSpoiled = false

    init(_ settings: ConnectionSettings, name: String) throws(PostgresError) {
        session = try Session(connecting: settings, name: name)
    }

    func lend(to interrupt: Interrupt) {
        self.interrupt = interrupt
        interrupt.watch(session)
    }

    // MARK: - How is a statement run?

    /// Runs SQL without parameters; it may be several statements, which are one transaction unless they say otherwise.
    public func execute(_ sql: String) throws(PostgresError) {
        try check()
        guard let raw = PQexec(session.raw, sql) else { throw lost() }
        let result = Result(raw)
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return withExtendedLifetime(result) {}
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            spoil()
            throw PostgresError(.unexpectedResult, "COPY needs copyIn or copyOut")
        default: throw failure(raw)
        }
    }

    /// Runs one statement. From its second use on it is a prepared one.
    @discardableResult
    public func query(_ statement: Statement) throws(PostgresError) -> Result {
        let wasIdle = PQtransactionStatus(session.raw) == PQTRANS_IDLE
        do throws(PostgresError) {
            return try once(statement)
        } catch  where wasIdle && (error.kind == .unsupported || error.kind == .undefinedStatement) {
            // A prepared statement had become stale: a table changed its shape, or somebody discarded ours.
            guard prepared.name(of: statement) != nil else { throw error }
            forget(statement)
            return try once(statement)
        }
    }

    private func once(_ statement: Statement) throws(PostgresError) -> Result {
        try check()
        let name = try name(of: statement)
        let raw = statement.parameters.withC { count, values, lengths, formats in
            if let name { return PQexecPrepared(session.raw, name, count, values, lengths, formats, 1) }
            return statement.parameters.withTypes { _, types in
                PQexecParams(session.raw, statement.sql, count, types, values, lengths, formats, 1)
            }
        }
        guard let raw else { throw lost() }
        let result = Result(raw)
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        default: throw failure(raw)
        }
    }

    /// Most statements of a command line or a migration run once, and preparing costs a round trip.
    private func name(of statement: Statement) throws(PostgresError) -> String? {
        if let name = prepared.name(of: statement) { return name }
        if seenOnce.count > 10_000 { seenOnce.removeAll() }
        if seenOnce.insert(statement.sql.hashValue).inserted { return nil }
        let name = prepared.add(statement)
        let raw = statement.parameters.withTypes { PQprepare(session.raw, name, statement.sql, $0, $1) }
        defer { PQclear(raw) }
        guard let raw, PQresultStatus(raw) == PGRES_COMMAND_OK else {
            prepared.remove(name, of: statement.sql)
            guard let raw else { throw lost() }
            throw failure(raw)
        }
        while let old = prepared.evict() { PQclear(PQexec(session.raw, "DEALLOCATE \(old)")) }
        return name
    }

    func forget(_ statement: Statement) {
        if let name = prepared.name(of: statement) { prepared.remove(name, of: statement.sql) }
    }

    // MARK: - How is a transaction run?

    /// Isolation levels.
    public enum Isolation: String, Sendable {
        /// Each statement sees what was committed before it.
        case readCommitted = "READ COMMITTED"
        /// All statements see what was committed before the first.
        case repeatableRead = "REPEATABLE READ"
        /// As if transactions ran one after another; may fail with `.serialization`.
        case serializable = "SERIALIZABLE"
    }

    /// Runs `body` in a transaction, which is committed when it returns and rolled back when it throws.
    ///
    /// Transactions do not nest. `.connectionLost` with `outcomeUnknown` may come from the COMMIT.
    @discardableResult
    public func transaction<T>(
        _ isolation: Isolation = .readCommitted, readOnly: Bool = false, _ body: () throws -> T
    ) throws -> T {
        guard PQtransactionStatus(session.raw) == PQTRANS_IDLE else {
            throw PostgresError(.unexpectedResult, "a transaction is open already, and they do not nest")
        }
        try execute("BEGIN ISOLATION LEVEL \(isolation.rawValue)" + (readOnly ? " READ ONLY" : ""))
        do {
            let value = try body()
            // COMMIT of a failed transaction answers ROLLBACK and no error: a body that swallowed one must not pass.
            if PQtransactionStatus(session.raw) == PQTRANS_INERROR {
                throw PostgresError(.unexpectedResult, "a statement of the transaction failed, so it is rolled back")
            }
            try execute("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Leaves whatever transaction is open. A connection on which that fails is spoiled.
    func rollBack() {
        guard PQtransactionStatus(session.raw) != PQTRANS_IDLE else { return }
        guard let raw = PQexec(session.raw, "ROLLBACK") else { return spoil() }
        if PQresultStatus(raw) != PGRES_COMMAND_OK { spoil() }
        PQclear(raw)
    }

    // MARK: - What is common?

    func check() throws(PostgresError) {
        if interrupt.isRequested { throw PostgresError(.cancelled, "cancelled before the statement was sent") }
        if isSpoiled || session.isBroken { throw session.isBroken ? session.error() : Self.unusable }
    }
    private static let unusable = PostgresError(.connectionLost, "the connection was given up after an error")

    func spoil() { isSpoiled = true }

    func lost() -> PostgresError {
        spoil()
        return session.error(outcomeUnknown: true)
    }

    /// The error of a result.
    func failure(_ raw: OpaquePointer) -> PostgresError {
        var error = PostgresError(result: raw)
        if error.kind == .statementTimeout && interrupt.isRequested { error.kind = .cancelled }
        if error.kind == .connectionLost {
            spoil()
            error.outcomeUnknown = true
        }
        return error
    }

    /// Whether another job may use it after this one.
    func isFit() -> Bool {
        rollBack()
        return !isSpoiled && !session.isBroken && !interrupt.isRequested
            && PQtransactionStatus(session.raw) == PQTRANS_IDLE
    }
}
