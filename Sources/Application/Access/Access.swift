import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Vault

/// Who may come in: passwords, tokens, and the role that a member has now.
public final class Access: Sendable {
    let database: PipelinedConnection
    let commands: Commands
    let logKeys: LogKeys
    let passwords: PasswordHasher
    let known = KnownCallers()
    private let lookups = Rounds<[UInt8], Void, KnownCallers.Entry>(limit: .max)

    /// - Parameter database: a connection as `daybook_worker`, the only role that sees credentials.
    public init(
        database: PipelinedConnection, commands: Commands, logKeys: LogKeys,
        passwords: PasswordHasher = PasswordHasher()
    ) {
        (self.database, self.commands, self.logKeys, self.passwords) = (database, commands, logKeys, passwords)
    }

    /// How long a login lasts, in microseconds: 30 days.
    public static let lifetime: Int64 = 30 * 86_400_000_000
    /// How long a member's role is believed without looking again. Commands of this process are seen at once.
    static let belief: Int64 = 5_000_000

    /// A token, and whose it is.
    public struct Session: Sendable, Hashable {
        /// The bearer token; it is stored as its hash only.
        public let token: String
        /// When it ends.
        public let expiresAt: Instant
        /// Whose log it opens.
        public let organization: UUID
        /// Who came in.
        public let member: UUID
    }

    /// Lets a member in by e-mail and password.
    /// - Parameter organization: needed where the e-mail belongs to members of several organizations.
    /// - Throws: `auth.refused` (401) whatever was wrong; `auth.organization_needed` (422).
    public func login(email: String, password: String, organization: UUID? = nil) async throws(Problem) -> Session {
        let refused = Problem("auth.refused", 401, "The e-mail or the password is not right.")
        let normal = Normal.email(email) ?? ""
        let rows = try await query(
            Statement(SQL.credentialsByEmail) {
                $0.text(normal)
                $0.uuid(organization)
            })
        var open: [(organization: UUID, member: UUID)] = []
        for row in rows {
            let (organization, member, stored) = try read { () throws(PostgresError) in
                (try row.uuid(0), try row.uuid(1), try row.text(2))
            }
            if try await verify(password, stored) { open.append((organization, member)) }
        }
        if rows.isEmpty { _ = try await verify(password, nil) }
        var allowed: [(organization: UUID, member: UUID)] = []
        for candidate in open where try await role(of: candidate.member, in: candidate.organization) != nil {
            allowed.append(candidate)
        }
        guard let one = allowed.first else { throw refused }
        guard allowed.count == 1 else {
            let ids = JSON.array(allowed.map { .string($0.organization.text) })
            throw Problem(
                "auth.organization_needed", 422, "This e-mail belongs to several organizations; name one.",
                more: ["organizations": ids])
        }
        return try await issue(to: one.member, in: one.organization)
    }

    /// A new token for a member.
    /// - Parameter lifetime: in microseconds.
    public func issue(
        to member: UUID, in organization: UUID, lifetime: Int64 = Access.lifetime
    ) async throws(Problem) -> Session {
        let token = Token()
        let expires = Instant(microseconds: commands.clock().microseconds + lifetime)
        _ = try await query(
            Statement(SQL.putToken) {
                $0.bytea(token.digest)
                $0.uuid(organization)
                $0.uuid(member)
                $0.timestamptz(expires.microseconds)
            })
        return Session(token: token.text, expiresAt: expires, organization: organization, member: member)
    }

    /// Who shows this token.
    /// - Throws: `auth.required` (401) where it is not valid or no longer.
    public func caller(token: String, request: String, channel: Channel) async throws(Problem) -> Caller {
        guard let digest = Token.digest(of: token) else { throw .unauthorized }
        let now = commands.clock()
        if let found = known.find(digest, at: now) { return found.caller(request, channel) }
        // A belief ends for all requests under way at once.
        let found = try await lookups.ask((), of: digest) { [self] _ throws(Problem) in
            let found = try await holder(of: digest, at: now)
            known.keep(found, digest)
            return found
        }
        return found.caller(request, channel)
    }

    private func holder(of digest: [UInt8], at now: Instant) async throws(Problem) -> KnownCallers.Entry {
        let rows = try await query(Statement(SQL.tokenHolder) { $0.bytea(digest) })
        guard let row = rows.first else { throw .unauthorized }
        let (organization, member, expires) = try read { () throws(PostgresError) in
            (try row.uuid(0), try row.uuid(1), try row.timestamptz(2))
        }
        guard let role = try await role(of: member, in: organization) else { throw .unauthorized }
        let until = min(now.microseconds + Access.belief, expires)
        return KnownCallers.Entry(
            organization: organization, member: member, role: role, until: Instant(microseconds: until))
    }

    /// Ends a token.
    public func logout(token: String) async throws(Problem) {
        guard let digest = Token.digest(of: token) else { throw .unauthorized }
        known.forget(digest)
        _ = try await query(Statement(SQL.dropToken) { $0.bytea(digest) })
    }

    /// Forgets tokens that have ended.
    public func sweep() async throws(Problem) { _ = try await query(Statement(SQL.dropExpiredTokens)) }

    /// Told of events that were written: a member's role counts at once, and credentials follow the member's e-mail.
    public func written(_ organization: UUID, _ events: [Draft]) {
        let members = events.filter { $0.type.hasPrefix("member.") || $0.type == Erasure.type }
        guard !members.isEmpty else { return }
        known.forget(organization, members.map(\.stream))
        for stream in Set(members.filter { $0.type == "member.edited" }.map(\.stream)) {
            Task { try await self.followEmail(of: stream, in: organization) }
        }
    }

    private func followEmail(of member: UUID, in organization: UUID) async throws(Problem) {
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Member.self, member)], into: &known, organization)
        guard let state = known.streams[member]?.state as? Member.State, let email = state.content?.text("email")
        else { return }
        _ = try await query(
            Statement(SQL.followEmail) {
                $0.uuid(organization)
                $0.uuid(member)
                $0.text(email)
            })
    }
}

extension Access {
    func query(_ statement: Statement) async throws(Problem) -> Postgres.Result {
        do { return try await database.query(statement) } catch { throw .unavailable }
    }

    /// What a row holds, as the statement beside it asked.
    func read<T>(_ columns: () throws(PostgresError) -> T) throws(Problem) -> T {
        do { return try columns() } catch { throw .fault }
    }

    private func verify(_ password: String, _ stored: String?) async throws(Problem) -> Bool {
        do { return try await passwords.verify(password, against: stored) } catch { throw .busy }
    }

    /// What a member may do now; nil where it is archived or not there.
    func role(of member: UUID, in organization: UUID) async throws(Problem) -> Role? {
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Member.self, member)], into: &known, organization)
        return known.streams[member].flatMap { Access.role($0) }
    }

    /// What a member may do by its record; nil where it is archived, erased or not there.
    static func role(_ member: Loaded) -> Role? {
        guard !member.isErased, case .active(let record)? = member.state as? Member.State else { return nil }
        return record.text("role").flatMap(Role.init(rawValue:))
    }
}

extension Problem {
    static let busy = Problem("auth.busy", 503, "Too many people log in at this moment; try again.", retryAfter: 1)
}
