import FoundationEssentials

/// The event that a part belongs to: moved to another one, it does not open.
public struct SealingPlace: Sendable {
    /// organization ‖ stream ‖ version ‖ schema, and behind them what follows kind and person.
    private let head: [UInt8]
    private let type: [UInt8]

    /// A place.
    /// - Parameter type: the event's stored name, as UTF-8.
    public init(organization: UUID, stream: UUID, version: Int32, type: some Sequence<UInt8>, schema: Int16) {
        var head: [UInt8] = []
        head.reserveCapacity(38)
        withUnsafeBytes(of: organization.uuid) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: stream.uuid) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: version.bigEndian) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: schema.bigEndian) { head.append(contentsOf: $0) }
        self.head = head
        self.type = Array(type)
    }

    /// organization(16) ‖ stream(16) ‖ version(4) ‖ schema(2) ‖ kind(1) ‖ person(16) ‖ type; numbers big-endian.
    func associated(_ kind: SealedPart.Kind, _ person: UUID) -> [UInt8] {
        var bytes = head
        bytes.reserveCapacity(head.count + 17 + type.count)
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: person.uuid) { bytes.append(contentsOf: $0) }
        bytes += type
        return bytes
    }
}
