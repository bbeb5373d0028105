import FoundationEssentials
import Kernel
import Vault

/// A place in an organization's log, from 1; 0 is the empty log.
public typealias Position = Int64

/// What is appended as one: all of it or nothing. It belongs to one organization.
public struct Unit: Sendable {
    /// Whose log.
    public var organization: UUID
    /// The events, in order. None: a decision that decided nothing, which is still checked (see `readAt`).
    public var drafts: [Draft]
    /// The versions (0: no event yet) of the streams that were read, those that are written included.
    public var expected: [UUID: Int32]
    /// A position of the log not later than the snapshot in which those versions were read.
    ///
    /// Streams that changed after it are compared again. A unit without events and without expected streams holds
    /// only while the log has not moved at all.
    public var readAt: Position
    /// What a stream of the unit holds from then on: alone, or beside who has it already.
    public var takes: [Claim]
    /// What is given back; done before `takes`. A claim that the stream does not hold is passed over.
    public var releases: [Claim]
    /// The keys of streams that begin with this unit.
    public var keys: [WrappedKey]
    /// What a repeat of the command is to be answered, if it had an Idempotency-Key.
    public var outcome: Outcome?
    /// With whom it queues.
    public var lane: Lane

    /// A unit to append.
    public init(
        organization: UUID, drafts: [Draft], expected: [UUID: Int32], readAt: Position, takes: [Claim] = [],
        releases: [Claim] = [], keys: [WrappedKey] = [], outcome: Outcome? = nil, lane: Lane = .interactive
    ) {
        self.organization = organization
        self.drafts = drafts
        self.expected = expected
        self.readAt = readAt
        self.takes = takes
        self.releases = releases
        self.keys = keys
        self.outcome = outcome
        self.lane = lane
    }
}

/// Which queue a unit waits in.
public enum Lane: Sendable, Hashable, CaseIterable {
    /// Somebody waits for the answer.
    case interactive
    /// Many at a time and nobody waits: takes the room that the others leave.
    case `import`
}

/// A value that only one stream of the organization may have: an e-mail, a slug, an external id. Others may have it,
/// too, where who appends says so: they hold it beside.
public struct Claim: Sendable, Hashable {
    /// What kind of value, `contact.email`.
    public var scope: String
    /// HMAC of the normalised value: `OrganizationKeys.claimDigest`, 32 bytes.
    public var digest: [UInt8]
    /// Who holds it.
    public var stream: UUID
    /// Held beside whoever has it. Of those who do not share it there is one at most. Releasing makes no difference
    /// between the two.
    public var isShared: Bool

    /// A claim to take or release.
    public init(scope: String, digest: [UInt8], stream: UUID, isShared: Bool = false) {
        self.scope = scope
        self.digest = digest
        self.stream = stream
        self.isShared = isShared
    }

    /// Whether both are of the same value.
    public func isSameValue(as other: Claim) -> Bool { digest == other.digest && scope == other.scope }
}
