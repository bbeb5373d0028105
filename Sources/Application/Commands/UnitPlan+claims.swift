import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

// MARK: Who may have what somebody has already?

extension UnitPlan {
    /// What is taken, and what is given back.
    func claims(_ keys: OrganizationKeys) -> (takes: [EventLog.Claim], releases: [EventLog.Claim]) {
        func digests(_ list: [Claimed]) -> [EventLog.Claim] {
            list.map {
                let digest = keys.claimDigest(scope: $0.claim.scope, value: $0.claim.value)
                return EventLog.Claim(
                    scope: $0.claim.scope, digest: digest, stream: $0.stream, isShared: $0.isShared)
            }
        }
        return (digests(taken), digests(released))
    }

    /// Addresses are taken under the policy as it is once the unit is done, and only as long as that stands: else one
    /// that was shared under yesterday's could come after the switch to another.
    mutating func obeyPolicy(_ known: WorkingSet, _ after: WorkingSet) {
        let organization = circumstances.caller.organization
        policy = EmailPolicy(after.streams[organization]?.state as? Organization.State ?? nil)
        if taken.contains(where: { EmailPolicy.scopes.contains($0.claim.scope) }) { rely(on: organization, known) }
    }

    /// Takes what is free alone; what others have, beside them where the policy lets it, with a warning where it wants
    /// one.
    /// - Parameter holders: who has what it takes, as the log says.
    /// - Throws: `…_taken` (409).
    mutating func share(with holders: [EventLog.Claim], _ keys: OrganizationKeys) throws(Problem) {
        let (takes, releases) = claims(keys)
        for (index, take) in takes.enumerated() {
            let known = holders.filter { holder in
                holder.isSameValue(as: take) && holder.stream != take.stream
                    && !releases.contains { $0.isSameValue(as: holder) && $0.stream == holder.stream }
            }
            let before = takes[..<index].filter { $0.isSameValue(as: take) }
            if known.isEmpty, before.isEmpty { continue }
            switch EmailPolicy.scopes.contains(take.scope) ? policy : .reject {
            case .reject:
                if let holder = known.first { throw .claimed(scope: take.scope, holder: holder.stream) }
                throw .claimedTwice(scope: take.scope)
            case .warn: warn(of: taken[index], with: (known + before).map(\.stream))
            case .allow: break
            }
            taken[index].isShared = true
        }
    }

    /// Tells of those who have the value already in the result of the command that takes it.
    private mutating func warn(of claimed: Claimed, with others: [UUID]) {
        let code = Problem.takenCode(claimed.claim.scope)
        var warnings = results[claimed.ask].warnings
        let told = warnings.firstIndex { $0.code == code }
        let all = (told.map { warnings.remove(at: $0).existing } ?? []) + others
        var seen: Set<UUID> = []
        warnings.append(Answer.Warning(code: code, existing: all.filter { seen.insert($0).inserted }))
        results[claimed.ask].warnings = warnings
    }
}
