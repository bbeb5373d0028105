import CSodium

/// Randomness from the operating system, fit for keys.
public enum Random {
    /// `count` random bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        Sodium.ready
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if let start = buffer.baseAddress { randombytes_buf(start, count) }
            filled = count
        }
    }

    /// Two random words: what a UUIDv7 needs.
    public static func words() -> (UInt64, UInt64) {
        Sodium.ready
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { if let start = $0.baseAddress { randombytes_buf(start, $0.count) } }
        return words
    }
}
