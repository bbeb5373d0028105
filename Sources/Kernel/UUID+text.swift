import FoundationEssentials

extension UUID {
    /// The form Daybook writes everywhere: 36 characters, lower case.
    public var text: String { uuidString.lowercased() }

    /// A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits. Both are arguments: pure.
    public static func v7(at now: Instant, random: (UInt64, UInt64)) -> UUID {
        let milliseconds = UInt64(bitPattern: now.microseconds / 1000)
        let high = milliseconds << 16 | 0x7000 | random.0 & 0x0FFF
        let low = 0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF
        return UUID(high, low)
    }

    /// A UUIDv8 (RFC 9562 §5.8) of the first 16 bytes of a digest; version and variant bits are overwritten.
    public static func v8(_ digest: [UInt8]) -> UUID {
        let words = digest.prefix(16).reduce(into: (high: UInt64(0), low: UInt64(0))) { words, byte in
            words.high = words.high << 8 | words.low >> 56
            words.low = words.low << 8 | UInt64(byte)
        }
        return UUID(
            words.high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            words.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    private init(_ high: UInt64, _ low: UInt64) {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        self.init(uuid: bytes)
    }
}
