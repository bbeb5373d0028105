import FoundationEssentials
import Kernel

/// What is appended: the same events for all, made before anything is measured.
///
/// Five types of a deal's events, data of 157 to 747 bytes (a tenth below 243, half below 340, nine tenths below 605,
/// as the study that gave the goals), a third with something personal, meta as the API writes it.
struct Material: Sendable {
    /// An event without its place.
    struct Piece: Sendable {
        var type: String
        var data: [UInt8]
        var meta: [UInt8]
        /// What is personal in it, as a merge patch; sealed by who appends it.
        var personal: [UInt8]?
        /// A sealed part and hashes of the usual lengths, for baselines, which seal and hash nothing.
        var sealed: [UInt8]?
        var merkle: [UInt8]
    }

    let pieces: [Piece]
    /// Who acts.
    let members: [UUID]

    static let shared = Material()

    private init() {
        var dice = Dice(seed: 1)
        members = (0..<50).map { _ in UUID.v7(at: now(), random: dice.words()) }
        pieces = (0..<1024).map { number in Self.piece(number, &dice) }
    }

    private static let types = ["deal.opened", "deal.moved", "deal.edited", "deal.assigned", "deal.won"]
    private static let words = [
        "pump", "valve", "quarterly", "renewal", "north", "plant", "offer", "revised", "delivery", "service",
        "contract", "spare", "parts", "meeting", "budget", "approved", "pending", "review", "urgent", "annual",
        "framework", "order", "pilot", "region", "south", "demo", "training", "upgrade", "support", "licence",
        "invoice", "terms", "price", "discount", "agreed", "waiting", "legal", "signed", "draft", "final",
    ]
    /// Lengths at shares of the events, between which lie the others.
    private static let lengths: [(share: Double, bytes: Double)] = [
        (0, 157), (0.1, 243), (0.5, 340), (0.9, 605), (1, 747),
    ]

    private static func piece(_ number: Int, _ dice: inout Dice) -> Piece {
        let request = UUID.v7(at: now(), random: dice.words()).text
        let isPersonal = number % 3 == 0
        return Piece(
            type: types[number % types.count], data: data(length(.random(in: 0...1, using: &dice)), &dice),
            meta: Array(#"{"actor_kind":"member","channel":"api","request":"\#(request)"}"#.utf8),
            personal: isPersonal ? Array(#"{"title":"\#(text(40, &dice))"}"#.utf8) : nil,
            sealed: isPersonal ? dice.bytes(160) : nil, merkle: dice.bytes(number % 2 == 0 ? 32 : 96))
    }

    private static func length(_ share: Double) -> Int {
        guard let upper = lengths.firstIndex(where: { $0.share >= share }), upper > 0 else { return 157 }
        let (low, high) = (lengths[upper - 1], lengths[upper])
        return Int(low.bytes + (high.bytes - low.bytes) * (share - low.share) / (high.share - low.share))
    }

    private static func data(_ length: Int, _ dice: inout Dice) -> [UInt8] {
        let id = UUID.v7(at: now(), random: dice.words()).text
        let start = #"{"amount":{"currency":"EUR","minor":\#(Int.random(in: 1000...9_999_999, using: &dice))},"#
        let head = start + #""pipeline":"\#(id)","next_step":""#
        return Array((head + text(max(8, length - head.utf8.count - 2), &dice) + #""}"#).utf8)
    }

    private static func text(_ length: Int, _ dice: inout Dice) -> String {
        var text = ""
        while text.utf8.count < length { text += (text.isEmpty ? "" : " ") + (words.randomElement(using: &dice) ?? "") }
        return String(text.prefix(length))
    }
}
