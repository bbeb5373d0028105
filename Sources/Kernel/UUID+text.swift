import FoundationEssentials

extension UUID {
    // Foundation's own way goes through sprintf and sscanf, and a command writes and reads dozens of ids.

    /// The form Daybook writes everywhere: 36 characters, lower case.
    public var text: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var place = 0
                for (index, byte) in bytes.enumerated() {
                    if UUID.hasDash(before: index) {
                        text[place] = UInt8(ascii: "-")
                        place += 1
                    }
                    text[place] = hexDigit(byte >> 4)
                    text[place + 1] = hexDigit(byte & 15)
                    place += 2
                }
                return place
            }
        }
    }

    /// Reads 36 characters, in upper or lower case (RFC 9562 §4); nil for any other text.
    public init?(text: String) {
        var digits = text.utf8.makeIterator()
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isRead = withUnsafeMutableBytes(of: &bytes) { bytes in
            for index in 0..<16 {
                if UUID.hasDash(before: index), digits.next() != UInt8(ascii: "-") { return false }
                guard let high = digits.next().flatMap(hexValue), let low = digits.next().flatMap(hexValue) else {
                    return false
                }
                bytes[index] = high << 4 | low
            }
            return digits.next() == nil
        }
        guard isRead else { return nil }
        self.init(uuid: bytes)
    }

    private static func hasDash(before byte: Int) -> Bool { byte == 4 || byte == 6 || byte == 8 || byte == 10 }

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
