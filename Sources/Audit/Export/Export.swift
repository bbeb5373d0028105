import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// Writes an organization's log to files, up to a signed head, so that others can verify it without the database.
///
/// Memory does not depend on the log's length: rows come by COPY and go line by line into LZ4 frames.
public struct Export: Sendable {
    /// What was written.
    public struct Summary: Sendable, Hashable {
        /// Whose log.
        public let organization: UUID
        /// How many events.
        public let size: Int64
        /// The root of the head that is signed over them: 32 bytes.
        public let root: [UInt8]
        /// How many files of events.
        public let files: Int
    }

    private let organization: UUID
    private let folder: String
    private let eventsPerFile: Int64

    /// - Parameters:
    ///   - folder: that is made, or there and empty.
    ///   - eventsPerFile: how many events a file has at most.
    public init(_ organization: UUID, to folder: String, eventsPerFile: Int64 = 100_000) {
        (self.organization, self.folder, self.eventsPerFile) = (organization, folder, max(1, eventsPerFile))
    }

    /// Runs on a connection of the worker whose transaction, REPEATABLE READ, is open: it is the snapshot.
    /// - Parameters:
    ///   - sign: signs the snapshot's own head where that was not done yet; without it, what lies behind the last
    ///     signed head is left out.
    ///   - progress: told from time to time how far it is, and how far it goes.
    /// - Throws: `AuditError.emptyLog` where there is no event, or no head is signed; `FileError`.
    public func run(
        _ connection: BlockingConnection, sign: ((UUID, Frontier) throws -> String)? = nil,
        progress: (_ done: Int64, _ all: Int64) -> Void = { _, _ in }
    ) throws -> Summary {
        let head = try head(connection, sign)
        try Disk.makeFolder(folder)
        var keys = KeyHistory()
        var files = 0
        var file: FrameWriter?
        var line: [UInt8] = []
        try connection.copyOut(statement(SQL.exportEvents, head.size)) { bytes in
            var row = CopyRow(bytes)
            let event = try RecordedEvent(&row)
            if (event.position - 1) % eventsPerFile == 0 || file == nil {
                try file?.finish()
                let last = min((event.position - 1) / eventsPerFile * eventsPerFile + eventsPerFile, head.size)
                file = try FrameWriter("\(folder)/\(ExportFolder.events(event.position, last))")
                files += 1
            }
            line.removeAll(keepingCapacity: true)
            EventLine.write(event, to: &line)
            line.append(UInt8(ascii: "\n"))
            try file?.write(line)
            keys.take(event)
            if event.position % 10_000 == 0 { progress(event.position, head.size) }
        }
        try file?.finish()
        try writeHeads(connection, head.size)
        try Disk.write((keys.inForce(at: head.size)?.text ?? "") + "\n", to: "\(folder)/\(ExportFolder.key)")
        // Last: an export without it was cut short.
        try Disk.write(head.note, to: "\(folder)/\(ExportFolder.checkpoint)")
        return Summary(organization: organization, size: head.size, root: head.root ?? [], files: files)
    }

    private func head(
        _ connection: BlockingConnection, _ sign: ((UUID, Frontier) throws -> String)?
    ) throws -> SignedHead {
        let row = try connection.query(Statement(SQL.latestHead) { $0.uuid(organization) }).first
        let signed = try row.map {
            SignedHead(size: try $0.bigint(0), root: try $0.bytea(1), note: try $0.text(2))
        }
        if let sign {
            let tree = try Frontier(stored: organization, connection)
            if let tree, tree.size > signed?.size ?? 0 {
                return SignedHead(size: tree.size, root: tree.root, note: try sign(organization, tree))
            }
        }
        guard let signed else { throw AuditError.emptyLog }
        return signed
    }

    private func writeHeads(_ connection: BlockingConnection, _ size: Int64) throws {
        let heads = try FrameWriter("\(folder)/\(ExportFolder.checkpoints)")
        try connection.copyOut(statement(SQL.exportHeads, size)) { bytes in
            var row = CopyRow(bytes)
            guard let size = try row.next(), let at = try row.next(), let note = try row.next(), size.count == 8,
                at.count == 8
            else { return }
            let head = ExportedHead(
                size: Int64(bigEndian: size.loadUnaligned(as: Int64.self)),
                signedAt: Instant(fromPostgres: Int64(bigEndian: at.loadUnaligned(as: Int64.self))),
                note: String(decoding: note, as: UTF8.self))
            try heads.write(head.line)
        }
        try heads.finish()
    }

    private func statement(_ sql: String, _ size: Int64) -> String {
        sql.replacing("{organization}", with: organization.text).replacing("{through}", with: String(size))
    }
}

extension Instant {
    /// Postgres counts from 2000-01-01.
    fileprivate init(fromPostgres microseconds: Int64) {
        self.init(microseconds: microseconds + 946_684_800_000_000)
    }
}

extension Frontier {
    /// The tree over a log as its rows keep it; nil where they do not keep all of it.
    init?(stored organization: UUID, _ connection: BlockingConnection) throws {
        let sql = "SELECT max(position) FROM log.event WHERE organization_id = $1"
        let size = try connection.query(Statement(sql) { $0.uuid(organization) })[0].bigint(orNil: 0) ?? 0
        let peaks = MerkleTree.peaks(of: size)
        let hashes = try connection.hashes(of: peaks, organization)
        self.init(size: size, peaks: peaks.compactMap { hashes[$0] })
    }
}

extension BlockingConnection {
    /// The hashes of complete subtrees, as the rows where they end keep them.
    func hashes(of nodes: [MerkleTree.Node], _ organization: UUID) throws -> [MerkleTree.Node: [UInt8]] {
        let statement = Statement(SQL.storedNodes) {
            $0.uuid(organization)
            $0.bigints(nodes.map(\.position))
        }
        var rows: [Int64: [UInt8]] = [:]
        for row in try query(statement) { rows[try row.bigint(0)] = try row.bytea(1) }
        return nodes.reduce(into: [:]) { found, node in
            let hash = (rows[node.position] ?? []).dropFirst(node.level * MerkleTree.length).prefix(MerkleTree.length)
            if hash.count == MerkleTree.length { found[node] = Array(hash) }
        }
    }
}
