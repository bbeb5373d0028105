import EventLog
import FoundationEssentials

/// Compares how far each projection is with what the log holds up to there: how many events, and the sum of their leaf
/// hashes, without those that wait in held streams.
struct ProgressCheck {
    /// A row of `read.progress`.
    struct Mark {
        let projection: String
        let position: Int64
        let events: Int64
        let leafSum: [UInt8]
    }
    /// A row of `read.held`: events of the stream from the position on wait.
    struct Hold {
        let projection: String
        let stream: UUID
        let position: Int64
    }

    private var marks: [Mark]
    private let holds: [UUID: [Hold]]
    private var total = LeafTotal()
    private var waiting: [String: (count: Int64, sum: LeafTotal)] = [:]
    private var findings: [Finding] = []

    /// - Parameter marks: in any order.
    init(_ marks: [Mark], _ holds: [Hold]) {
        self.marks = marks.filter { $0.position > 0 }.sorted { $0.position > $1.position }
        self.holds = Dictionary(grouping: holds, by: \.stream)
    }

    /// The next event, with the leaf hash that is stored with it.
    mutating func take(_ event: RecordedEvent) {
        if marks.isEmpty { return }
        total.add(event.merkle.prefix(32))
        for hold in holds[event.stream] ?? [] where event.position >= hold.position {
            waiting[hold.projection, default: (0, LeafTotal())].count += 1
            waiting[hold.projection, default: (0, LeafTotal())].sum.add(event.merkle.prefix(32))
        }
        while let mark = marks.last, mark.position <= event.position {
            marks.removeLast()
            compare(mark, event.position)
        }
    }

    private mutating func compare(_ mark: Mark, _ position: Int64) {
        let held = waiting[mark.projection] ?? (0, LeafTotal())
        var expected = total
        expected.subtract(held.sum)
        guard mark.position != position || mark.events != position - held.count || mark.leafSum != expected.bytes
        else { return }
        findings.append(
            Finding(
                .progress, at: mark.position,
                "\(mark.projection) has applied \(mark.events) events whose hashes are not those of the log up to here")
        )
    }

    /// What differs; and the projection that is furthest beyond the log's end.
    func finish() -> (findings: [Finding], beyond: Mark?) { (findings, marks.first) }
}
