/// An invariant that does not hold.
struct Finding: Sendable, Hashable {
    enum Kind: String, Sendable, CaseIterable {
        /// Positions are 1…n in every log.
        case positions
        /// Leaf hashes and subtrees are those of the lines.
        case hashes
        /// Times of recording do not go back, versions of a stream have no hole.
        case order
        /// An acknowledged unit is there once and whole, where it was acknowledged; a refused one left nothing.
        case unit
        /// What had no answer can be repeated under its key; what had one gets it again.
        case answer
        /// A follower has seen each event once and in order.
        case follower
        /// Rows are what their events make of them.
        case rows
        /// A checkpoint is what was applied.
        case progress
        /// Claims are held by those whose events took them.
        case claims
        /// Each record has the key under which it is sealed, and no key is without its record.
        case keys
        /// A position of another history is answered `log.forked`.
        case forked
        /// When nothing goes wrong any more, all goes on.
        case stuck
        /// A run comes to a verdict.
        case verdict
    }
    let kind: Kind
    let detail: String

    init(_ kind: Kind, _ detail: String) { (self.kind, self.detail) = (kind, detail) }
}
