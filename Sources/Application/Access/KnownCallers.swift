import FoundationEssentials
import Kernel
import Synchronization

/// Whom this process has seen lately, by the digest of the token. A short belief: see `Access.belief`.
final class KnownCallers: Sendable {
    struct Entry: Sendable {
        let organization: UUID
        let member: UUID
        let role: Role
        let until: Instant

        func caller(_ request: String, _ channel: Channel) -> Caller {
            Caller(
                organization: organization, actor: member, kind: .member, role: role, channel: channel, request: request
            )
        }
    }
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    func find(_ digest: [UInt8], at now: Instant) -> Entry? {
        entries.withLock { entries in entries[digest].flatMap { $0.until > now ? $0 : nil } }
    }
    func keep(_ entry: Entry, _ digest: [UInt8]) {
        entries.withLock { entries in
            if entries.count >= 10_000 { entries.removeAll() }
            entries[digest] = entry
        }
    }
    func forget(_ digest: [UInt8]) { entries.withLock { _ = $0.removeValue(forKey: digest) } }
    func forget(_ organization: UUID, _ members: [UUID]) {
        entries.withLock { entries in
            entries = entries.filter { $0.value.organization != organization || !members.contains($0.value.member) }
        }
    }
}
