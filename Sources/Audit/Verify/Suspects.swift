import EventLog
import FoundationEssentials
import Kernel

/// Rows whose line does not have the leaf hash that is stored with it, and what was probably done to them.
struct Suspects {
    /// How many are kept to be looked at together; the others are counted.
    private static let most = 200
    private var rows: [(event: RecordedEvent, leaf: [UInt8])] = []
    private var others = 0
    private var last: Int64 = 0

    var isEmpty: Bool { rows.isEmpty }

    /// - Parameter leaf: the one that is stored.
    mutating func add(_ event: RecordedEvent, storedLeaf leaf: [UInt8]) {
        last = event.position
        guard rows.count < Self.most else {
            others += 1
            return
        }
        rows.append((event, leaf))
    }

    /// Those of later rows.
    mutating func add(_ later: Suspects) {
        guard !later.isEmpty else { return }
        for row in later.rows { add(row.event, storedLeaf: row.leaf) }
        others += later.others
        last = later.last
    }

    func contains(_ position: Int64) -> Bool { rows.contains { $0.event.position == position } }

    /// The lines were all as they are signed, so it is the stored hashes that were changed.
    var asHashes: [Finding] {
        rows.map { Finding(.rowChanged, at: $0.event.position, "the leaf hash stored here is not that of the line") }
            + rest
    }

    /// What was done to the lines.
    var asLines: [Finding] {
        var findings: [Finding] = []
        var done: Set<Int64> = []
        for (index, row) in rows.enumerated() where !done.contains(row.event.position) {
            let partner = rows[(index + 1)...].first { !done.contains($0.event.position) && Self.swapped(row, $0) }
            if let partner {
                done.insert(partner.event.position)
                let other = partner.event.position
                findings.append(
                    Finding(.swapped, at: row.event.position, "the event here and the one at \(other) changed places"))
            } else if let distance = Self.distance(row) {
                let moved = rows[index...].prefix { Self.distance($0) == distance }
                for row in moved { done.insert(row.event.position) }
                let end = moved.endIndex == rows.endIndex ? last : moved.last?.event.position ?? last
                findings.append(
                    Finding(
                        .missing, at: row.event.position,
                        "\(distance) of the events recorded from here on are not there: those up to \(end) moved up"))
                if moved.endIndex == rows.endIndex { return findings }
            } else {
                findings.append(
                    Finding(.rowChanged, at: row.event.position, "the line does not have the leaf hash stored with it"))
            }
        }
        return findings + rest
    }

    private var rest: [Finding] {
        guard others > 0, let position = rows.last?.event.position else { return [] }
        return [
            Finding(.rowChanged, at: position + 1, "\(others) further lines up to \(last) do not have their hashes")
        ]
    }

    // MARK: - What was done?

    /// Whether what stands in one place makes the hash of the other, and the reverse.
    private static func swapped(
        _ one: (event: RecordedEvent, leaf: [UInt8]), _ other: (event: RecordedEvent, leaf: [UInt8])
    ) -> Bool {
        let (here, there) = (moved(one.event, to: other.event.position), moved(other.event, to: one.event.position))
        // With their hashes, without them, and then the parts that somebody might exchange.
        if leaf(here) == one.leaf && leaf(there) == other.leaf { return true }
        if leaf(here) == other.leaf && leaf(there) == one.leaf { return true }
        return parts.contains { exchange in
            var (first, second) = (one.event, other.event)
            exchange(&first, &second)
            return leaf(first) == one.leaf && leaf(second) == other.leaf
        }
    }

    private static let parts: [@Sendable (inout RecordedEvent, inout RecordedEvent) -> Void] = [
        { swap(&$0.data, &$1.data) },
        { (a, b) in
            swap(&a.data, &b.data)
            swap(&a.private, &b.private)
        },
        { (a, b) in
            swap(&a.data, &b.data)
            swap(&a.private, &b.private)
            swap(&a.type, &b.type)
            swap(&a.schema, &b.schema)
        },
        { (a, b) in
            swap(&a.data, &b.data)
            swap(&a.private, &b.private)
            swap(&a.meta, &b.meta)
        },
        { swap(&$0.actor, &$1.actor) },
        { swap(&$0.occurredAt, &$1.occurredAt) },
        { swap(&$0.recordedAt, &$1.recordedAt) },
    ]

    /// By how many positions the event was moved up, its hash with it: as many were taken out before it.
    private static func distance(_ row: (event: RecordedEvent, leaf: [UInt8])) -> Int64? {
        (1...16).first { leaf(moved(row.event, to: row.event.position + $0)) == row.leaf }
    }

    private static func moved(_ event: RecordedEvent, to position: Int64) -> RecordedEvent {
        var event = event
        event.position = position
        return event
    }

    private static func leaf(_ event: RecordedEvent) -> [UInt8] { MerkleTree.leaf(event.line) }
}
