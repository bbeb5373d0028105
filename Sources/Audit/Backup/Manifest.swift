import FoundationEssentials
import Kernel

/// What a backup holds, by name: the file `manifest.json`, which is written last.
struct Manifest {
    /// The version of a backup's form: the second may have files.
    static let format: Int64 = 2
    static let name = "manifest.json"

    /// When its snapshot was taken.
    var takenAt: Instant
    /// The logs, which lie in `logs/<organization>` as exports do.
    var logs: [Log]
    /// The tables, which lie in `tables/<schema>.<name>.copy.lz4` in Postgres' binary COPY format.
    var tables: [Table]
    /// The files of records, which lie in `files` and are listed in `files.jsonl.lz4`; nil where they are not in it.
    var files: FileList.Totals?

    struct Log: Hashable {
        let organization: UUID
        let size: Int64
        let root: [UInt8]
    }
    struct Table: Hashable {
        /// With its schema.
        let name: String
        let columns: [String]
        let rows: Int64
        /// SHA-256 of the file.
        let digest: [UInt8]
    }

    init(takenAt: Instant, logs: [Log] = [], tables: [Table] = []) {
        (self.takenAt, self.logs, self.tables) = (takenAt, logs, tables)
    }

    /// Reads the file of a backup.
    /// - Throws: `FileError.damaged` where it is none of this format.
    init(_ folder: String) throws(FileError) {
        let path = "\(folder)/\(Self.name)"
        let json = try? JSON(parsing: try Disk.read(path))
        guard let json, let format = json["format"]?.integer, (1...Self.format).contains(format),
            let takenAt = json["taken_at"]?.string.flatMap({ Instant($0) }), let logs = json["logs"]?.array,
            let tables = json["tables"]?.array
        else { throw FileError(.damaged, path) }
        self.takenAt = takenAt
        self.logs = logs.compactMap(Log.init)
        self.tables = tables.compactMap(Table.init)
        files = json["files"].flatMap(FileList.Totals.init)
        guard self.logs.count == logs.count, self.tables.count == tables.count,
            json["files"] == nil || files != nil
        else { throw FileError(.damaged, path) }
    }

    func write(to folder: String) throws(FileError) {
        var members: [String: JSON] = [
            "format": .integer(Self.format), "taken_at": .string(takenAt.text), "logs": .array(logs.map(\.json)),
            "tables": .array(tables.map(\.json)),
        ]
        members["files"] = files?.json
        try Disk.write(JSON.object(members).text + "\n", to: "\(folder)/\(Self.name)", mode: 0o600)
    }
}

extension Manifest.Log {
    init?(_ json: JSON) {
        guard let organization = json["organization"]?.string.flatMap({ UUID(text: $0) }),
            let size = json["size"]?.integer, let root = json["root"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        self.init(organization: organization, size: size, root: [UInt8](root))
    }
    var json: JSON {
        [
            "organization": .string(organization.text), "size": .integer(size),
            "root": .string(Data(root).base64EncodedString()),
        ]
    }
}

extension Manifest.Table {
    init?(_ json: JSON) {
        guard let name = json["table"]?.string, let columns = json["columns"]?.array, let rows = json["rows"]?.integer,
            let digest = json["sha256"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        self.init(name: name, columns: columns.compactMap(\.string), rows: rows, digest: [UInt8](digest))
    }
    var json: JSON {
        [
            "table": .string(name), "columns": .array(columns.map { .string($0) }), "rows": .integer(rows),
            "sha256": .string(Data(digest).base64EncodedString()),
        ]
    }
}
