import FoundationEssentials
import Kernel

/// The client's side of an import: reads a file in pieces, sends its rows in batches, sends again those that waited for
/// a later row, and writes down what was refused. It holds one batch, whatever the file's size. Killed at any moment
/// and run again, it comes to the same end.
public final class ImportRun {
    /// Sends a body to a path under `/api/v1` and answers the body that came back.
    public typealias Send = (_ path: String, _ body: JSON) async throws -> JSON

    /// What came of a file.
    public struct Summary: Sendable {
        /// The import's id, by which it is taken back; empty after a dry run.
        public var id = ""
        /// Rows of the file; each is one of the next three.
        public var rows = 0
        /// Rows that yielded events.
        public var accepted = 0
        /// Rows that were there already.
        public var unchanged = 0
        /// Rows that could not be taken.
        public var rejected = 0
        /// Events appended.
        public var events = 0
        /// Values that were left out of rows which were taken: no member takes them, or what they refer to is not here.
        public var leftOut = 0
        /// Where the rejected rows are written down.
        public var rejectFile: String?
        /// What was made because a row or the mapping named it: "product GTXPro".
        public var created: [String] = []
        /// What else is worth knowing.
        public var notes: [String] = []
        /// Columns in which something stands and that were not taken.
        public var unused: [String] = []
        /// The import of which the file is a part, also in a dry run.
        var whole = ""
        var lines = Lines()

        /// Lines of a file by what became of their rows.
        struct Lines: Sendable {
            /// They yielded events.
            var accepted: Set<Int> = []
            /// They could not be taken.
            var rejected: Set<Int> = []
            /// Their records were here before the import, so that their past was not told.
            var untold: Set<Int> = []
            /// Their records were made without their past, which was refused.
            var pastRefused: Set<Int> = []
        }

        /// CONTRACTS' object.
        public var json: JSON {
            [
                "rows": .integer(Int64(rows)), "accepted": .integer(Int64(accepted)),
                "unchanged": .integer(Int64(unchanged)), "rejected": .integer(Int64(rejected)),
                "events": .integer(Int64(events)), "reject_file": rejectFile.map(JSON.string) ?? .null,
                "import": id.isEmpty ? .null : .string(id), "left_out": .integer(Int64(leftOut)),
            ]
        }
    }

    /// How far it is.
    public struct Progress: Sendable, Hashable {
        /// 1 is the file from start to end; in later ones rows that waited are sent again.
        public var pass: Int
        /// Rows sent so far in this pass.
        public var rows: Int
        /// Bytes of the file read in this pass.
        public var read: Int
        /// Bytes of the whole file.
        public var size: Int
    }

    let table: any ImportTable
    let mapping: String
    let dryRun: Bool
    private let more: [String: JSON]
    let send: Send
    private let report: (Progress) -> Void
    private let rejects: RejectFile
    /// What the file says, in few letters: another file of its name is another import.
    private var content = JSON.null
    private var summary = Summary()
    private var id = ""
    private var header: [String] = []
    private var createdKeys: Set<String> = []
    /// Lines that wait, ascending, each with whether it yielded events already.
    private var waiting: [Waiting] = []

    private struct Waiting {
        let line: Int
        var taken: Bool
    }

    /// Bytes of rows in one request.
    private static let bytes = 1 << 20

    /// - Parameters:
    ///   - path: the file.
    ///   - mapping: the text of the mapping.
    ///   - rejects: where rejected rows are written; made only if there are any.
    ///   - send: how the server is asked; safe to repeat.
    ///   - report: told of progress after each batch.
    /// - Throws: `Problem` where the mapping does not say how the file is written.
    public convenience init(
        path: String, mapping: String, rejects: String, dryRun: Bool = false, send: @escaping Send,
        report: @escaping (Progress) -> Void = { _ in }
    ) throws {
        self.init(
            CSVTable(path, try Mapping.format(of: mapping)), mapping: mapping, rejects: rejects, dryRun: dryRun,
            send: send, report: report)
    }

    /// - Parameter more: what opens the import besides: the import of which it is a part, pipelines, known records.
    public init(
        _ table: any ImportTable, mapping: String, rejects: String, dryRun: Bool = false, more: [String: JSON] = [:],
        send: @escaping Send, report: @escaping (Progress) -> Void = { _ in }
    ) {
        (self.table, self.mapping, self.dryRun, self.more) = (table, mapping, dryRun, more)
        (self.send, self.report) = (send, report)
        self.rejects = RejectFile(rejects)
    }

    /// Imports the file.
    /// - Throws: `CSV.Unreadable`, what `send` throws, or what hinders the reject file.
    public func run() async throws -> Summary {
        content = try more["content"] ?? .string(table.digest())
        try await pass(1, isFinal: false, only: nil)
        var number = 1
        while !waiting.isEmpty {
            number += 1
            let lines = waiting
            waiting = []
            try await pass(number, isFinal: false, only: lines)
            guard waiting.count == lines.count else { continue }
            let last = waiting
            waiting = []
            try await pass(number + 1, isFinal: true, only: last)
        }
        summary.rejectFile = try rejects.finish(dryRun: dryRun)
        // Nothing is lost silently, whatever a server says.
        guard summary.rows == summary.accepted + summary.unchanged + summary.rejected else {
            throw Problem.rowsLost(summary.rows, summary.accepted, summary.unchanged, summary.rejected)
        }
        return summary
    }

    // MARK: What is a pass?

    /// Reads the file once and sends its rows: all, or those of these lines.
    private func pass(_ number: Int, isFinal: Bool, only lines: [Waiting]?) async throws {
        let file = try table.rows()
        guard case .record(let first)? = try file.next(), first.fields.count > 0 else {
            throw CSV.Unreadable("\(table.name) has no first line with the names of its columns.")
        }
        if number == 1 { try await open(first.fields) }
        var batch = PendingRows(isFinal: isFinal)
        var wanted = lines?[...]
        var sent = 0
        while wanted?.isEmpty != true, let item = try file.next() {
            switch item {
            case .record(let record):
                if let next = wanted?.first {
                    guard record.line == next.line else { continue }
                    wanted = wanted?.dropFirst()
                    if next.taken { batch.taken.append(next.line) }
                }
                batch.add(record)
            case .broken(let line, let flaw, let text):
                guard lines == nil else { continue }
                batch.broken.append((line, flaw, text))
                summary.rows += 1
            }
            if batch.rows.count == Imports.batch || batch.bytes >= Self.bytes {
                sent += batch.rows.count
                try await flush(&batch, isFirst: number == 1)
                report(Progress(pass: number, rows: sent, read: file.read, size: file.size))
            }
        }
        sent += batch.rows.count
        try await flush(&batch, isFirst: number == 1)
        report(Progress(pass: number, rows: sent, read: file.size, size: file.size))
    }

    private func open(_ names: [String]) async throws {
        header = names
        let body: [String: JSON] = [
            "mapping": .string(mapping), "header": .array(names.map(JSON.string)), "file": .string(table.name),
            "dry_run": .bool(dryRun), "content": content,
        ]
        let answer = try await send("/imports", .object(body.merging(more) { $1 }))
        id = answer["id"]?.string ?? ""
        summary.whole = answer["import"]?.string ?? id
        summary.id = dryRun ? "" : summary.whole
        summary.unused = (answer["unused"]?.array ?? []).compactMap(\.string)
        rejects.begin(own(header))
        tell(answer)
    }

    // MARK: What is a batch?

    private func flush(_ batch: inout PendingRows, isFirst: Bool) async throws {
        defer { batch = PendingRows(isFinal: batch.isFinal) }
        var refused = batch.broken.map { RejectFile.Entry(line: $0.line, $0.flaw, $0.text) }
        if !batch.rows.isEmpty {
            let answer = try await take(batch.body)
            tell(answer)
            let lines = Dictionary(batch.rows.map { ($0.line, own($0.fields)) }) { first, _ in first }
            for item in answer["rejected"]?.array ?? [] { refused.append(RejectFile.Entry(item, lines)) }
            let leftOut = answer["left_out"]?.array ?? []
            let left = leftOut.map { RejectFile.Entry($0, lines) }
            let refused = leftOut.filter { $0["code"]?.string == "import.past_refused" }.map { $0["line"] ?? .null }
            summary.lines.pastRefused.formUnion(Self.lines(.array(refused)))
            summary.leftOut += left.count
            // They are written beside rejected rows: corrected, they come with the next import.
            for entry in left { try rejects.add(entry) }
            summary.lines.accepted.formUnion(Self.lines(answer["accepted_lines"]))
            summary.lines.untold.formUnion(Self.lines(answer["untold"]))
            let took = Set(batch.taken)
            for item in answer["postponed"]?.array ?? [] {
                let line = item["line"].flatMap(\.integer).map { Int($0) } ?? 0
                waiting.append(Waiting(line: line, taken: took.contains(line) || (item["events"]?.integer ?? 0) > 0))
            }
            if isFirst { summary.rows += batch.rows.count }
            summary.accepted += answer["accepted"]?.integer.map { Int($0) } ?? 0
            summary.unchanged += answer["unchanged"]?.integer.map { Int($0) } ?? 0
            summary.events += answer["events"]?.integer.map { Int($0) } ?? 0
        }
        summary.rejected += refused.count
        summary.lines.rejected.formUnion(refused.map(\.line))
        for entry in refused.sorted(by: { $0.line < $1.line }) { try rejects.add(entry) }
    }

    private static func lines(_ told: JSON?) -> [Int] {
        (told?.array ?? []).compactMap { $0.integer.map { Int($0) } }
    }

    /// Sends a batch; a server that was started again is told of the import again.
    private func take(_ body: JSON) async throws -> JSON {
        do { return try await send("/imports/\(id)/rows", body) } catch let problem as Problem {
            guard problem.code == "import.not_found" else { throw problem }
            guard !dryRun else {
                throw Problem("import.not_found", 404, "The server was started again during the dry run; repeat it.")
            }
            try await open(header)
            return try await send("/imports/\(id)/rows", body)
        }
    }

    /// What of a row is the file's own.
    private func own(_ fields: [String]) -> [String] { table.ownColumns.map { Array(fields.prefix($0)) } ?? fields }

    private func tell(_ answer: JSON) {
        for item in answer["created"]?.array ?? [] {
            let name = "\(item["entity"]?.string ?? "") \(item["name"]?.string ?? "")"
            if summary.created.count < 1000, createdKeys.insert(name).inserted { summary.created.append(name) }
        }
        for note in (answer["notes"]?.array ?? []).compactMap(\.string) where !summary.notes.contains(note) {
            if summary.notes.count < 100 { summary.notes.append(note) }
        }
    }
}

/// Rows on their way to the server.
private struct PendingRows {
    let isFinal: Bool
    var rows: [CSV.Record] = []
    var bytes = 0
    var taken: [Int] = []
    var broken: [(line: Int, flaw: CSV.Flaw, text: String)] = []

    init(isFinal: Bool) { self.isFinal = isFinal }

    mutating func add(_ record: CSV.Record) {
        rows.append(record)
        bytes += record.fields.reduce(0) { $0 + $1.utf8.count + 3 }
    }

    var body: JSON {
        [
            "lines": .array(rows.map { .integer(Int64($0.line)) }),
            "rows": .array(rows.map { .array($0.fields.map(JSON.string)) }), "final": .bool(isFinal),
            "taken": .array(taken.map { .integer(Int64($0)) }),
        ]
    }
}

extension Problem {
    /// Rows of which nobody says what became of them.
    static func rowsLost(_ rows: Int, _ accepted: Int, _ unchanged: Int, _ rejected: Int) -> Problem {
        Problem(
            "import.rows_lost", 500,
            "Of \(rows) rows \(accepted) were accepted, \(unchanged) unchanged and \(rejected) rejected: that is not "
                + "all. Import the file again.")
    }
}
