import CLibPQ

/// What went wrong, typed by SQLSTATE: nobody parses messages, which Postgres translates.
public struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds that code distinguishes; everything else is `other` with its SQLSTATE.
    public enum Kind: Hashable, Sendable {
        /// The server is not there, or went away. See `outcomeUnknown`.
        case connectionLost
        /// Class 28: the server does not let this login in.
        case authentication
        /// 3D000: the server has no such database.
        case undefinedDatabase
        /// The task was cancelled. See `outcomeUnknown`.
        case cancelled
        /// The connection was closed by its owner.
        case closed
        /// The settings are no libpq URL or conninfo.
        case invalidSettings
        /// A result was not as the code expected: a NULL, another type, a missing column, a COPY where none was.
        case unexpectedResult
        /// 57014: the statement ran out of its time (or an administrator cancelled it).
        case statementTimeout
        /// 55P03: a lock was not to be had in `lock_timeout`, or at once with NOWAIT.
        case lockTimeout
        /// 40P01
        case deadlock
        /// 40001
        case serialization
        /// 23505
        case uniqueViolation
        /// 23503
        case foreignKeyViolation
        /// 23502
        case notNullViolation
        /// 23514
        case checkViolation
        /// 23P01
        case exclusionViolation
        /// 42501
        case insufficientPrivilege
        /// 25006: a write in a read-only transaction, or on a standby.
        case readOnly
        /// 22012
        case divisionByZero
        /// The rest of class 22: a value that its type does not take.
        case invalidValue
        /// 42P01
        case undefinedTable
        /// 42703
        case undefinedColumn
        /// 42883
        case undefinedFunction
        /// 42704: an undefined type, role or other object.
        case undefinedObject
        /// 42P07, 42710, 42P06, 42P04: the table, object, schema or database is there already.
        case duplicateObject
        /// 42601
        case syntax
        /// 0A000: Postgres cannot do that, or a prepared statement's result changed its shape.
        case unsupported
        /// 26000: a prepared statement that the server does not know.
        case undefinedStatement
        /// Class 53: no memory, disk or connections left.
        case insufficientResources
        /// P0001: RAISE EXCEPTION.
        case raised
        /// Any other SQLSTATE.
        case other
    }

    /// The kind, by SQLSTATE or by what libpq said.
    public var kind: Kind
    /// The five characters, or nil where the error is not the server's.
    public var sqlstate: String?
    /// For people. Postgres' own primary message where it comes from there.
    public var message: String
    /// Postgres' detail. It may quote a row, personal values included: never log it.
    public var detail: String?
    /// The constraint that was violated.
    public var constraint: String?
    /// The schema of the table concerned.
    public var schema: String?
    /// The table concerned.
    public var table: String?
    /// The column concerned.
    public var column: String?
    /// The statement was sent and nobody knows what became of it: it may be committed.
    public var outcomeUnknown = false

    /// An error of our own.
    public init(_ kind: Kind, _ message: String, outcomeUnknown: Bool = false) {
        self.kind = kind
        self.message = message
        self.outcomeUnknown = outcomeUnknown
    }

    /// For logs: without the detail.
    public var description: String {
        let state = sqlstate.map { " (\($0))" } ?? ""
        return "Postgres\(state): \(message)" + (outcomeUnknown ? "; whether it took effect is unknown" : "")
    }
}

// MARK: - How is it told by SQLSTATE?

extension PostgresError.Kind {
    /// The kind of a SQLSTATE (Postgres' documentation, appendix A).
    public init(sqlstate: String) {
        switch sqlstate {
        case "57P01", "57P02", "57P03", "57P05": self = .connectionLost
        case "3D000": self = .undefinedDatabase
        case "57014": self = .statementTimeout
        case "55P03": self = .lockTimeout
        case "40P01": self = .deadlock
        case "40001": self = .serialization
        case "23505": self = .uniqueViolation
        case "23503": self = .foreignKeyViolation
        case "23502": self = .notNullViolation
        case "23514": self = .checkViolation
        case "23P01": self = .exclusionViolation
        case "42501": self = .insufficientPrivilege
        case "25006": self = .readOnly
        case "22012": self = .divisionByZero
        case "42P01": self = .undefinedTable
        case "42703": self = .undefinedColumn
        case "42883": self = .undefinedFunction
        case "42704": self = .undefinedObject
        case "42P07", "42710", "42P06", "42P04": self = .duplicateObject
        case "42601": self = .syntax
        case "0A000": self = .unsupported
        case "26000": self = .undefinedStatement
        case "P0001": self = .raised
        default:
            switch sqlstate.prefix(2) {
            case "08": self = .connectionLost
            case "28": self = .authentication
            case "22": self = .invalidValue
            case "53": self = .insufficientResources
            default: self = .other
            }
        }
    }
}

extension PostgresError {
    /// The error that a PGresult carries.
    init(result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        let state = field("C")
        self.init(
            // Without a SQLSTATE the error is libpq's own: it cannot talk to the server.
            state.map(Kind.init(sqlstate:)) ?? .connectionLost,
            field("M") ?? String(cString: PQresultErrorMessage(result)).trimmed)
        sqlstate = state
        detail = field("D")
        constraint = field("n")
        schema = field("s")
        table = field("t")
        column = field("c")
    }

    /// What libpq says about a connection that is broken or was not made.
    ///
    /// libpq gives no SQLSTATE for a refused connection, so a wrong password looks like a server that is away.
    init(connection: OpaquePointer, outcomeUnknown: Bool = false) {
        self.init(.connectionLost, String(cString: PQerrorMessage(connection)).trimmed, outcomeUnknown: outcomeUnknown)
    }
}

extension String {
    /// Without white space at its ends, on one line: libpq ends its messages with a line feed.
    var trimmed: String { split(whereSeparator: \.isNewline).joined(separator: " ") }
}
