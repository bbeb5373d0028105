/// SplitMix64: random numbers that are the same in every run of the same seed, and cost next to nothing.
struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Seeds that follow each other give sequences that have nothing in common.
    init(seed: Int) { state = Self.mixed(UInt64(truncatingIfNeeded: seed)) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    private static func mixed(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Two words, as a UUID wants them.
    mutating func words() -> (UInt64, UInt64) { (next(), next()) }

    /// Random bytes; `count` is a multiple of eight.
    mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for offset in stride(from: 0, to: count, by: 8) {
                bytes.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
            }
            filled = count
        }
    }
}
