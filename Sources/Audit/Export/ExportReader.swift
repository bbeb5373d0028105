import EventLog
import FoundationEssentials
import Kernel

/// Reads an export: the lines in order, and with each the head that was signed there.
final class ExportReader {
    let folder: String
    /// The head signed over all lines, as it is written.
    let checkpoint: String
    /// The key that signed it, as a vkey.
    let key: String
    /// The files of events, in order.
    let files: [(name: String, positions: ClosedRange<Position>)]
    private let heads: FrameReader?
    private var nextHead: ExportedHead?
    /// Heads that no line has passed yet, once all lines are read.
    private(set) var headsBeyond: [ExportedHead] = []

    init(_ folder: String) throws(FileError) {
        self.folder = folder
        let names = try Disk.names(in: folder)
        var files: [(name: String, positions: ClosedRange<Position>)] = []
        for name in names {
            if let positions = ExportFolder.positions(name) { files.append((name, positions)) }
        }
        self.files = files.sorted { $0.positions.lowerBound < $1.positions.lowerBound }
        checkpoint = try Disk.read("\(folder)/\(ExportFolder.checkpoint)")
        key = String(try Disk.read("\(folder)/\(ExportFolder.key)").split(separator: "\n").first ?? "")
        let isThere = names.contains(ExportFolder.checkpoints)
        heads = isThere ? try FrameReader("\(folder)/\(ExportFolder.checkpoints)") : nil
        try advance()
    }

    /// What a line of an export turned out to be.
    enum Line {
        case event(RecordedEvent, head: ExportedHead?)
        /// A line that no log could have.
        case malformed(EventLine.Malformed)
        /// The file ends here: it is damaged.
        case damaged
    }

    /// Hands over each line of a file; `body` learns of damage as of lines.
    func read(_ name: String, _ body: (Line) throws -> Void) throws {
        let reader = try FrameReader("\(folder)/\(name)")
        while true {
            let line: [UInt8]?
            do throws(FileError) { line = try reader.line() } catch {
                guard error.reason == .damaged else { throw error }
                return try body(.damaged)
            }
            guard let line else { return }
            let event: RecordedEvent
            do throws(EventLine.Malformed) { event = try EventLine.parse(line) } catch {
                try body(.malformed(error))
                continue
            }
            try body(.event(event, head: try head(at: event.position)))
        }
    }

    /// The heads that are left when the lines are through.
    func finish() throws(FileError) {
        while let head = nextHead {
            headsBeyond.append(head)
            try advance()
        }
    }

    private func head(at position: Position) throws(FileError) -> ExportedHead? {
        while let head = nextHead, head.size < position { try advance() }
        guard let head = nextHead, head.size == position else { return nil }
        try advance()
        return head
    }

    private func advance() throws(FileError) {
        guard let heads, let line = try heads.line() else {
            nextHead = nil
            return
        }
        nextHead = ExportedHead(line)
        if nextHead == nil { throw FileError(.damaged, "\(folder)/\(ExportFolder.checkpoints)") }
    }
}
