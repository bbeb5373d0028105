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
