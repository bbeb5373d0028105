import FoundationEssentials
import Kernel

/// A stream of an organization.
struct StreamKey: Sendable, Hashable {
    var organization: UUID
    var stream: UUID
}

/// A claim's key: where it stands in the table.
struct ClaimKey: Sendable, Hashable {
    var organization: UUID
    var scope: String
    var digest: [UInt8]
    /// Who holds it beside others; nobody's id where it is held alone, so that there is one such place.
    var sharer: UUID

    init(_ organization: UUID, _ claim: Claim) {
        self.organization = organization
        scope = claim.scope
        digest = claim.digest
        sharer = claim.sharer
    }

    func hash(into hasher: inout Hasher) {
        digest.hashStart(into: &hasher)
        hasher.combine(sharer)
    }
}

extension Claim {
    /// As the table has it.
    var sharer: UUID { isShared ? stream : Claim.nobody }
    private static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}

/// The key under which an outcome is kept.
public struct OutcomeKey: Sendable, Hashable {
    let organization: UUID
    let actor: UUID
    let digest: [UInt8]

    /// The key of one actor's command.
    /// - Parameter digest: 32 bytes.
    public init(organization: UUID, actor: UUID, digest: [UInt8]) {
        self.organization = organization
        self.actor = actor
        self.digest = digest
    }

    init(_ organization: UUID, _ outcome: Outcome) {
        self.organization = organization
        actor = outcome.actor
        digest = outcome.keyDigest
    }

    /// By the digest alone.
    public func hash(into hasher: inout Hasher) { digest.hashStart(into: &hasher) }
}

extension [UInt8] {
    /// Of a digest under a secret key eight bytes tell as much as all of them and what they were made of.
    fileprivate func hashStart(into hasher: inout Hasher) {
        withUnsafeBytes { bytes in
            hasher.combine(bytes.count >= 8 ? bytes.loadUnaligned(as: UInt64.self) : 0)
        }
    }
}

/// What has to be read before a batch can be planned.
struct Questions: Sendable, Equatable {
    /// Take these organizations' advisory locks first, in this order, and leave the transaction open.
    var locks: [UUID] = []
    /// What follows these heads, from the event at each of them on, and at most so many events.
    var sequels: [Sequel] = []
    var heads: [UUID] = []
    var streams: [StreamKey] = []
    var claims: [ClaimKey] = []
    var outcomes: [OutcomeKey] = []
    /// Wait for locks a short time only: these units are tried again after they were in the way of others.
    var isImpatient = false

    var isEmpty: Bool {
        sequels.isEmpty && heads.isEmpty && streams.isEmpty && claims.isEmpty && outcomes.isEmpty
    }

    /// A log is read on from the head that is known.
    struct Sequel: Sendable, Equatable {
        var organization: UUID
        var from: Position
        var limit: Int
    }
}

/// What the appender has to know of an event that another process appended.
struct Step: Sendable {
    var position: Position
    var stream: UUID
    var fact: StreamFact
    var recordedAt: Instant
    var leaf: [UInt8]
}

/// The answers. Heads are read before everything else, so the rest is as new as they or newer.
struct Facts: Sendable {
    /// In the order of positions.
    var sequels: [UUID: [Step]] = [:]
    var tips: [UUID: Tip] = [:]
    var streams: [StreamKey: StreamFact] = [:]
    /// Who stands at a claim's place; free ones are not here.
    var claims: [ClaimKey: UUID] = [:]
    /// What is kept under a key; unused ones are not here.
    var outcomes: [OutcomeKey: StoredOutcome] = [:]
}
