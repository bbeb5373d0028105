import CRM
import FoundationEssentials
import Kernel
import Postgres

/// Somebody must be left who may do everything: an owner who can log in.
extension Commands {
    /// Lets a decided unit take the role of owner from members, or put them away, only where another owner is left.
    /// That one is a witness: should it change before the unit is in the log, the unit is decided again. So of two
    /// owners who demote each other at the same time one succeeds.
    /// - Throws: `member.last_owner` (409).
    func leaveAnOwner(
        _ plan: inout UnitPlan, _ known: inout WorkingSet, _ organization: UUID
    ) async throws(Problem) {
        if plan.dethroned.isEmpty { return }
        let witness = try await owner(besides: plan.dethroned, or: plan.crowned, &known, organization)
        guard let witness else {
            throw Problem(
                "member.last_owner", 409,
                "This is the only owner who can log in. Make another member an owner, with a password, first.")
        }
        plan.rely(on: witness, known)
    }

    /// An owner who has a password, besides those named.
    /// - Parameter crowned: who is an owner whatever the log says yet.
    func owner(
        besides others: Set<UUID>, or crowned: Set<UUID> = [], _ known: inout WorkingSet, _ organization: UUID
    ) async throws(Problem) -> UUID? {
        var candidates: [UUID] = []
        do {
            let rows = try await database.query(Statement(SQL.credentialsOfOrganization) { $0.uuid(organization) })
            for row in rows { candidates.append(try row.uuid(0)) }
        } catch { throw .unavailable }
        candidates.removeAll { others.contains($0) }
        if let one = candidates.first(where: crowned.contains) { return one }
        let unknown = candidates.filter { known.streams[$0] == nil }
        if !unknown.isEmpty {
            try await load(unknown.map { Reference(Member.self, $0) }, into: &known, organization)
        }
        return candidates.first { known.streams[$0].flatMap(Access.role) == .owner }
    }
}
