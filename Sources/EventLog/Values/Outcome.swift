import FoundationEssentials
import Kernel

/// What became of a command, kept for 30 days so that a repeat gets the same answer. Never a body.
public struct Outcome: Sendable, Hashable {
    /// Who sent it.
    public var actor: UUID
    /// `OrganizationKeys.keyDigest`: 32 bytes.
    public var keyDigest: [UInt8]
    /// `OrganizationKeys.requestHash`: 32 bytes. Another request under the same key is refused.
    public var requestHash: [UInt8]
    /// The HTTP status of the answer.
    public var status: Int16
    /// The stable code of a refusal.
    public var code: String?
    /// Ids, versions and pointers of the answer: one compact JSON object, as Application writes and reads it.
    public var detail: [UInt8]

    /// An outcome to keep.
    public init(
        actor: UUID, keyDigest: [UInt8], requestHash: [UInt8], status: Int16, code: String? = nil,
        detail: [UInt8] = Array("{}".utf8)
    ) {
        self.actor = actor
        self.keyDigest = keyDigest
        self.requestHash = requestHash
        self.status = status
        self.code = code
        self.detail = detail
    }
}

/// An outcome as it was kept, with what the log added.
public struct StoredOutcome: Sendable, Hashable {
    /// What was kept.
    public var outcome: Outcome
    /// The head that the answer reflects: the unit's last event, or the head on which nothing was decided.
    public var position: Position
    /// The leaf hash at `position`: 32 bytes, zeros at position 0.
    public var leaf: [UInt8]
    /// When it was kept.
    public var recordedAt: Instant

    /// An outcome read back.
    public init(outcome: Outcome, position: Position, leaf: [UInt8], recordedAt: Instant) {
        self.outcome = outcome
        self.position = position
        self.leaf = leaf
        self.recordedAt = recordedAt
    }
}
