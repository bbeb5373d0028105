import EventLog
import FoundationEssentials
import Kernel

/// Verifies an export by its files alone: every line, every hash, the signed heads, the keys that signed them.
public struct OfflineVerification {
    private let reader: ExportReader
    private let trusted: VerifierKey?
    private let kept: [SignedHead]
    private let progress: (Position) -> Void
    private var check: LogCheck?
    private var findings: [Finding] = []
    /// Positions whose lines cannot be read: to the check they are missing, and they are not.
    private var unreadable: Set<Position> = []

    /// - Parameters:
    ///   - folder: of the export.
    ///   - key: a vkey that the auditor trusts: it must be one of the log's own.
    ///   - checkpoint: the text of a head that the auditor kept.
    ///   - progress: told from time to time how far it is.
    /// - Throws: `FileError` where a file is not there, `AuditError` where the key or the checkpoint is none.
    public init(
        folder: String, key: String? = nil, checkpoint: String? = nil,
        progress: @escaping (Position) -> Void = { _ in }
    ) throws {
        reader = try ExportReader(folder)
        trusted = try key.map(AuditError.key)
        kept = try checkpoint.map { [try AuditError.kept($0)] } ?? []
        self.progress = progress
    }

    /// What it comes to.
    /// - Parameter each: gets every event with the hashes that its row must keep, as long as nothing is wrong, and the
    ///   head that was signed there.
    public mutating func run(_ each: (RecordedEvent, ExportedHead?) throws -> Void = { _, _ in }) throws
        -> AuditReport
    {
        var size: Position?
        if let head = SignedHead(note: reader.checkpoint) {
            size = head.size
        } else {
            findings.append(Finding(.headForged, at: 0, "the file checkpoint is no checkpoint"))
        }
        var next: Position = 1
        for (name, positions) in reader.files {
            if positions.lowerBound != next {
                findings.append(Finding(.missing, at: next, "no file holds position \(next)"))
            }
            next = try read(name, positions, each)
        }
        try reader.finish()
        return report(size)
    }

    private mutating func read(
        _ name: String, _ positions: ClosedRange<Position>, _ each: (RecordedEvent, ExportedHead?) throws -> Void
    ) throws -> Position {
        var count: Int64 = 0
        let reader = reader
        try reader.read(name) { line in
            count += 1
            switch line {
            case .event(let event, let head): try take(event, head, each)
            case .malformed(let error):
                unreadable.insert(positions.lowerBound + count - 1)
                findings.append(
                    Finding(
                        .rowChanged, at: positions.lowerBound + count - 1,
                        "\(name), line \(count), byte \(error.offset): \(error.reason.rawValue)"))
            case .damaged:
                count -= 1
                findings.append(
                    Finding(.missing, at: positions.lowerBound + count, "\(name) is damaged behind its line \(count)"))
            }
        }
        if count != positions.upperBound - positions.lowerBound + 1 {
            findings.append(Finding(.missing, at: positions.lowerBound + count, "\(name) has \(count) lines"))
        }
        return positions.upperBound + 1
    }

    private mutating func take(
        _ event: RecordedEvent, _ head: ExportedHead?, _ each: (RecordedEvent, ExportedHead?) throws -> Void
    ) throws {
        var check =
            self.check ?? LogCheck(event.organization, trusted: trusted, kept: signed, progress: ProgressCheck([], []))
        self.check = nil  // Moved, not copied: it holds a table of all streams.
        if event.organization != check.organization {
            findings.append(Finding(.rowChanged, at: event.position, "the line is another organization's"))
        } else if event.position <= check.size {
            let words = "position \(event.position) stands where \(check.size + 1) is expected"
            findings.append(Finding(.swapped, at: check.size + 1, words))
        } else {
            check.take(event, head: head.map { SignedHead(size: $0.size, root: nil, note: $0.note) })
        }
        if findings.isEmpty && check.isCalm {
            var whole = event
            whole.merkle = check.merkle
            try each(whole, head)
        }
        self.check = check
        if event.position % 10_000 == 0 { progress(event.position) }
    }

    private var signed: [SignedHead] { kept + (SignedHead(note: reader.checkpoint).map { [$0] } ?? []) }

    private func report(_ signedSize: Position?) -> AuditReport {
        guard var check else {
            let words = "there is no event, and a head of size \(signedSize ?? 0) is signed"
            return AuditReport(
                organization: nil, size: 0, root: nil, key: nil,
                findings: findings + [Finding(.truncated, at: 1, words)])
        }
        let beyond = reader.headsBeyond.map { SignedHead(size: $0.size, root: nil, note: $0.note) }
        var findings = findings
        findings += check.finish(beyond: beyond, at: nil).filter {
            $0.kind != .missing || !unreadable.contains($0.position)
        }
        let key = check.keys.inForce(at: signedSize ?? check.size)
        if let signedSize, check.size > signedSize {
            findings.append(Finding(.signature, at: signedSize + 1, "no head is signed over the lines from here on"))
        }
        if key?.text != reader.key {
            let words = "key.pub is not the key that the log names for its head"
            findings.append(Finding(.signature, at: signedSize ?? check.size, words))
        }
        findings += check.trust()
        return AuditReport(
            organization: check.organization, size: check.size, root: check.lines?.root, key: key?.text,
            findings: findings.sorted { ($0.position, $0.kind.rawValue) < ($1.position, $1.kind.rawValue) })
    }
}
