import FoundationEssentials

/// SplitMix64: what a seed decides is decided again by the same seed.
struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Seeds that follow each other give sequences that have nothing in common.
    init(seed: UInt64) { state = Self.mixed(seed &+ 0x5851_F42D_4C95_7F2D) }

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

    /// True once in so many times.
    mutating func once(in times: Int) -> Bool { Int.random(in: 0..<times, using: &self) == 0 }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &self))
    }

    /// Dice for a part of the run: what it throws does not depend on what the others do.
    mutating func part() -> Dice { Dice(seed: next()) }
}
