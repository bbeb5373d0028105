import FoundationEssentials

/// The key of a person or a record as it is stored: only who holds the master key can use it.
///
/// It is born in the transaction of the first event of its stream, so that there is never an event whose key is not
/// there.
public struct WrappedKey: Sendable, Hashable {
    /// Whose: a stream's id.
    public var person: UUID
    /// The key as `KeyWrapping` wrapped it.
    public var bytes: [UInt8]

    /// A key to store.
    public init(person: UUID, bytes: [UInt8]) { (self.person, self.bytes) = (person, bytes) }
}
