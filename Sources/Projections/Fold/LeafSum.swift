/// How many events, and the sum of their leaf hashes modulo 2^256: it does not depend on the order, and an event that
/// was left out or put in twice shows.
struct LeafSum: Sendable, Equatable {
    var count: Int64 = 0
    /// Most significant word first.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    /// From the 32 bytes (big-endian) that `read.progress` keeps.
    init?(count: Int64, bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32, let base = bytes.baseAddress else { return nil }
        self.count = count
        words = (load(base), load(base + 8), load(base + 16), load(base + 24))
    }

    /// One more event; `leaf`: the 32 bytes of its leaf hash.
    @inline(__always) mutating func add(leaf: UnsafeRawPointer) {
        var other = LeafSum()
        other.words = (load(leaf), load(leaf + 8), load(leaf + 16), load(leaf + 24))
        other.count = 1
        add(other)
    }
    @inline(__always) mutating func add(_ other: LeafSum) {
        count += other.count
        var carry = false
        (words.3, carry) = LeafSum.sum(words.3, other.words.3, carry)
        (words.2, carry) = LeafSum.sum(words.2, other.words.2, carry)
        (words.1, carry) = LeafSum.sum(words.1, other.words.1, carry)
        (words.0, _) = LeafSum.sum(words.0, other.words.0, carry)
    }
    /// Takes away what was added: those events wait.
    mutating func subtract(_ other: LeafSum) {
        var negative = LeafSum()  // the two's complement
        negative.words = (~other.words.0, ~other.words.1, ~other.words.2, ~other.words.3)
        var one = LeafSum()
        one.words.3 = 1
        negative.add(one)
        negative.count = -other.count
        add(negative)
    }
    @inline(__always) private static func sum(_ a: UInt64, _ b: UInt64, _ carry: Bool) -> (UInt64, Bool) {
        let (x, over) = a.addingReportingOverflow(b)
        let (y, over2) = x.addingReportingOverflow(carry ? 1 : 0)
        return (y, over || over2)
    }

    /// 32 bytes, big-endian.
    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in withUnsafeBytes(of: word.bigEndian, Array.init) }
    }

    static func == (a: LeafSum, b: LeafSum) -> Bool { a.count == b.count && a.words == b.words }
}
