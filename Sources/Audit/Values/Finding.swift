import FoundationEssentials
import Kernel

/// Something in a log that is not as it was recorded, and where.
public struct Finding: Sendable, Hashable, Codable {
    /// What can be found.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// A line, or a hash that is stored with it, is not as it was.
        case rowChanged = "row_changed"
        /// Two events stand in each other's place.
        case swapped
        /// An event is not there.
        case missing
        /// The log's end is not there.
        case truncated
        /// A head that is kept as signed is none of this log.
        case headForged = "head_forged"
        /// A signature is not that of the key in force.
        case signature
        /// What is unique is held by another than the log says.
        case claim
        /// A read table has applied other events than the log holds.
        case progress
    }

    /// Where: the position, or the first one at which it can be.
    public let position: Int64
    /// What.
    public let kind: Kind
    /// A sentence for the auditor. It quotes no data.
    public let detail: String

    /// A finding.
    public init(_ kind: Kind, at position: Int64, _ detail: String) {
        (self.position, self.kind, self.detail) = (position, kind, detail)
    }
}

/// What a verification of one organization's log came to.
public struct AuditReport: Sendable, Hashable {
    /// Whose log.
    public var organization: UUID?
    /// How many events it has.
    public var size: Int64
    /// The root of the tree over all its lines (RFC 6962 §2.1), 32 bytes; nil where lines are missing.
    public var root: [UInt8]?
    /// The key that signs its heads, as a C2SP vkey; nil where none signed.
    public var key: String?
    /// What is wrong, by position.
    public var findings: [Finding]

    /// Whether nothing is wrong.
    public var isClean: Bool { findings.isEmpty }
}
