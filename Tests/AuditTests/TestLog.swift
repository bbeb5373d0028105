import EventLog
import FoundationEssentials
import Kernel
import Vault

@testable import Audit

/// A log in memory, as its rows would be read, with heads signed over some prefixes; to be tampered with.
struct TestLog {
    var rows: [RecordedEvent] = []
    var heads: [Int64: SignedHead] = [:]
    var marks: [ProgressCheck.Mark] = []
    var holds: [ProgressCheck.Hold] = []
    let organization = id()
    let signer = TestSigner()

    /// - Parameters:
    ///   - count: how many events; the first is the organization's own, the others belong to five streams in turn.
    ///   - signed: the sizes at which a head was signed.
    init(_ count: Int, signed: [Int64]) {
        let streams = (0..<5).map { _ in id() }
        for number in 0..<count {
            let at = Instant(microseconds: 1_700_000_000_000_000 + Int64(number) * 1000)
            let isFirst = number == 0
            let log = #"{"log":{"key":"\#(signer.key)","origin":"\#(signer.origin)"}}"#
            rows.append(
                RecordedEvent(
                    organization: organization, position: Int64(number + 1),
                    stream: isFirst ? organization : streams[(number - 1) % 5],
                    version: isFirst ? 1 : Int32((number - 1) / 5 + 1),
                    type: isFirst ? "organization.created" : number <= 5 ? "deal.opened" : "deal.edited", schema: 1,
                    data: Array((isFirst ? log : #"{"set":{"amount":\#(number)}}"#).utf8), private: nil,
                    meta: Array("{}".utf8), occurredAt: at, recordedAt: at, actor: id(), command: id(), index: 0,
                    merkle: []))
        }
        rehash()
        for size in signed {
            heads[size] = SignedHead(size: size, root: root(size), note: signer.note(size, root(size)))
        }
    }

    /// Writes the hashes of all rows anew, as a tamperer would who knows how.
    mutating func rehash() {
        var tree = Frontier.empty
        for index in rows.indices { rows[index].merkle = tree.append(leaf: MerkleTree.leaf(rows[index].line)) }
    }

    /// The root over the first lines.
    func root(_ size: Int64) -> [UInt8] {
        var tree = Frontier.empty
        for row in rows.prefix(Int(size)) { _ = tree.append(leaf: MerkleTree.leaf(row.line)) }
        return tree.root
    }

    /// What a verification finds.
    func findings(kept: SignedHead? = nil, at now: Instant? = nil) -> [Finding] {
        var check = LogCheck(organization, kept: kept.map { [$0] } ?? [], progress: ProgressCheck(marks, holds))
        for row in rows.sorted(by: { $0.position < $1.position }) { check.take(row, head: heads[row.position]) }
        return check.finish(beyond: heads.values.filter { $0.size > check.size }, at: now)
    }

    /// Each finding as "kind position".
    func found(kept: SignedHead? = nil) -> [String] {
        findings(kept: kept).map { "\($0.kind.rawValue) \($0.position)" }
    }

    /// A row by its position.
    subscript(position: Int64) -> RecordedEvent {
        get { rows[Int(position - 1)] }
        set { rows[Int(position - 1)] = newValue }
    }
}

func id() -> UUID { UUID.v7(at: Instant(microseconds: 1), random: Random.words()) }

extension TestLog {
    /// Writes it as an export, lines as they stand.
    func write(to folder: String, eventsPerFile: Int = 100) throws {
        try Disk.makeFolder(folder)
        for start in stride(from: 0, to: rows.count, by: eventsPerFile) {
            let part = rows[start..<min(start + eventsPerFile, rows.count)]
            let name = ExportFolder.events(Int64(start + 1), Int64(start + part.count))
            let file = try FrameWriter("\(folder)/\(name)")
            for row in part { try file.write(row.line + [0x0A]) }
            try file.finish()
        }
        let sorted = heads.values.sorted { $0.size < $1.size }
        let file = try FrameWriter("\(folder)/\(ExportFolder.checkpoints)")
        for head in sorted {
            try file.write(ExportedHead(size: head.size, signedAt: rows[0].recordedAt, note: head.note).line)
        }
        try file.finish()
        try Disk.write(signer.key + "\n", to: "\(folder)/\(ExportFolder.key)")
        try Disk.write(sorted.last?.note ?? "", to: "\(folder)/\(ExportFolder.checkpoint)")
    }
}
