import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Vault

extension Access {
    /// Sets a member's password. The event says that it changed, nothing more; all tokens of the member end.
    /// Owners may do it for anyone, everyone for oneself.
    /// - Throws: `member.password_too_short` (422) below 10 characters, `member.email_missing` (422).
    public func setPassword(_ password: String, of member: UUID, by caller: Caller) async throws(Problem) -> Answer {
        guard caller.role == .owner || caller.actor == member else {
            throw .forbidden("Only owners may set another member's password.")
        }
        try Access.check(password)
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Member.self, member)], into: &known, caller.organization)
        guard let loaded = known.streams[member], loaded.exists, let state = loaded.state as? Member.State else {
            throw .absent(Member.name)
        }
        if loaded.isErased { throw .erased }
        guard let email = state.content?.text("email") else {
            throw Problem("member.email_missing", 422, "A member without an e-mail cannot log in; give one first.")
        }
        let ask = Ask(Member.name, .id(member), "password_changed", .object([:]))
        let owner = Caller(
            organization: caller.organization, actor: caller.actor, kind: caller.kind, role: .owner,
            channel: caller.channel,
            request: caller.request)
        let answer = try await commands.execute([ask], by: owner)
        try await store(password, email: email, of: member, in: caller.organization)
        return answer
    }

    /// Adds a member who can sign in at once: one unit, and then the password, so that a crash between leaves a member
    /// to whom an owner gives one.
    /// - Parameters:
    ///   - members: what is known of it, in normal form; an e-mail among it.
    ///   - key: the Idempotency-Key; a repeat changes no password that was set since.
    ///   - request: by what a repeat is the same, where that is not what is known of the member.
    /// - Throws: `member.password_too_short` (422) below 10 characters; as commands do.
    public func register(
        _ members: [String: JSON], password: String, by caller: Caller, key: String? = nil,
        comparing request: Ask? = nil
    ) async throws(Problem) -> Answer {
        try Member.permit(caller)
        try Access.check(password)
        guard let email = members["email"]?.string else { throw .fault }
        let id = commands.fresh()
        let answer = try await commands.execute(
            [
                Ask(Member.name, .id(id), "add", .object(members)),
                Ask(Member.name, .id(id), "password_changed", .object([:])),
            ], by: caller, key: key, comparing: [request ?? Ask(Member.name, .new, "add", .object(members))])
        if answer.results.first?.id == id { try await store(password, email: email, of: id, in: caller.organization) }
        return answer
    }

    /// Another token for who shows this one, which ends.
    public func renew(_ token: String, of caller: Caller) async throws(Problem) -> Session {
        let session = try await issue(to: caller.actor, in: caller.organization)
        try await logout(token: token)
        return session
    }

    static func check(_ password: String) throws(Problem) {
        guard (10...200).contains(password.count) else {
            throw Problem(
                "member.password_too_short", 422, "A password has 10 to 200 characters.",
                errors: [Flaw("/password", "out_of_range", "10 to 200 characters")])
        }
    }

    func store(_ password: String, email: String, of member: UUID, in organization: UUID) async throws(Problem) {
        let stored: String
        do { stored = try await passwords.hash(password) } catch { throw .busy }
        do {
            _ = try await database.run([
                Statement(SQL.putCredential) {
                    $0.uuid(organization)
                    $0.uuid(member)
                    $0.text(email)
                    $0.text(stored)
                },
                Statement(SQL.dropTokensOfMember) {
                    $0.uuid(organization)
                    $0.uuid(member)
                },
            ])
        } catch { throw .unavailable }
        known.forget(organization, [member])
    }
}
