import FoundationEssentials

/// Which organizations are whose among several projectors. They all rank themselves alike for each organization
/// (rendezvous hashing), so they agree without a word, and when one comes or goes, only what it gets or had changes
/// hands.
struct Shares: Sendable, Equatable {
    /// Those who share, in any order.
    let holders: Set<UUID>

    /// Whose an organization is; nil where there is nobody.
    func holder(of organization: UUID) -> UUID? {
        holders.max { (Self.rank($0, organization), $0) < (Self.rank($1, organization), $1) }
    }

    /// The same number in every process, on every machine.
    private static func rank(_ holder: UUID, _ organization: UUID) -> UInt64 {
        let (a, b) = (words(holder), words(organization))
        return mixed(mixed(mixed(mixed(a.0) ^ a.1) ^ b.0) ^ b.1)
    }

    /// Every bit of it depends on every bit of `x` (the end of SplitMix64).
    private static func mixed(_ x: UInt64) -> UInt64 {
        var z = x &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    private static func words(_ id: UUID) -> (UInt64, UInt64) {
        withUnsafeBytes(of: id.uuid) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
