import EventLog
import FoundationEssentials
import Kernel

/// What became of one of the records.
enum BulkItem: Sendable {
    case done(version: Int32, position: Int64?, warnings: [Answer.Warning] = [])
    /// It was so already.
    case unchanged(version: Int32)
    case refused(Problem)

    /// In this order.
    static let words = ["done", "unchanged", "refused"]

    var word: String {
        switch self {
        case .done: "done"
        case .unchanged: "unchanged"
        case .refused: "refused"
        }
    }

    /// How many there are of each; together as many as were asked.
    static func counts(_ items: [BulkItem]) -> [(String, Int)] {
        words.map { word in (word, items.reduce(0) { $0 + ($1.word == word ? 1 : 0) }) }
    }
}

/// How one of the records is dealt with.
enum BulkWay: Sendable {
    /// Nothing is asked of it.
    case settled(BulkItem)
    /// These are asked of it, as one unit, the first of them of the version that was seen; unless the state that comes
    /// of it is none that was wanted.
    case asked([Ask], unless: (@Sendable (any Sendable) -> Problem?)? = nil)
}
