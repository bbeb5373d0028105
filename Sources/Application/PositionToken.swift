import Kernel

/// A place in one history of an organization's log: its position, and eight bytes of the leaf hash there, by which a
/// restored older database is told from this one.
public struct PositionToken: Sendable, Hashable {
    /// The position.
    public let position: Int64
    /// The first eight bytes of the leaf hash at that position; nil where a client gave a bare number.
    public let hash: [UInt8]?

    /// A place.
    public init(position: Int64, hash: [UInt8]?) {
        (self.position, self.hash) = (position, hash.map { Array($0.prefix(8)) })
    }

    /// `<position>-<16 hex digits>`.
    public var text: String {
        guard let hash else { return String(position) }
        return "\(position)-\(hash.hex)"
    }

    /// Reads both forms: a bare position, or one with its hash.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let position = Int64(parts[0]), position >= 0, parts[0].first != "+" else { return nil }
        guard parts.count == 2 else {
            self.init(position: position, hash: nil)
            return
        }
        let digits = Array(parts[1])
        guard digits.count == 16, digits.allSatisfy(\.isHexDigit) else { return nil }
        let hash = stride(from: 0, to: 16, by: 2).compactMap { UInt8(String(digits[$0..<$0 + 2]), radix: 16) }
        self.init(position: position, hash: hash)
    }
}
