import FoundationEssentials
import Kernel

/// Which backups were made, in a file beside the register of erasures: who was erased is still in those from before,
/// and a scrub names them (docs/personal-data.md describes it).
public struct BackupRegister: Sendable {
    /// A backup.
    public struct Entry: Sendable, Hashable {
        /// When its snapshot was taken.
        public let takenAt: Instant
        /// Until when it is kept, and every copy of it.
        public var expiresAt: Instant
        /// SHA-256 of its file of persons' keys.
        public let keys: [UInt8]
        /// Whose logs are in it.
        public let organizations: [UUID]
        /// Where it was written: an absolute path.
        public let folder: String

        /// A backup.
        public init(
            takenAt: Instant, expiresAt: Instant, keys: [UInt8], organizations: [UUID], folder: String
        ) {
            (self.takenAt, self.expiresAt, self.keys) = (takenAt, expiresAt, keys)
            (self.organizations, self.folder) = (organizations, folder)
        }
    }

    private let file: SignedLines

    /// The register at `path`, which is made with the first backup.
    public init(_ path: String, master: MasterKey) {
        file = SignedLines(path, for: "daybook backup register 1", master: master)
    }

    /// Where it lies.
    public var path: String { file.path }

    /// The backups that were noted, in order, as they were noted last; none where there is no file.
    /// - Throws: `RegisterError`.
    public func entries() throws(RegisterError) -> [Entry] {
        var entries: [Entry] = []
        for (number, line) in try file.all().enumerated() {
            guard let entry = Entry(line) else { throw .altered(path, line: number + 1) }
            let known = entries.firstIndex { $0.takenAt == entry.takenAt && $0.folder == entry.folder }
            if let known { entries[known] = entry } else { entries.append(entry) }
        }
        return entries
    }

    /// Notes a backup, or that it is kept until another time, and returns when that is on the disk.
    /// - Throws: `RegisterError`.
    public func note(_ backup: Entry) throws(RegisterError) { try file.add { _ in [backup.line] } }
}

extension BackupRegister.Entry {
    /// The folder comes last, since it may hold blanks; a line feed it may not.
    fileprivate var line: String {
        let whose = organizations.isEmpty ? "-" : organizations.map(\.text).joined(separator: ",")
        let place = folder.replacing("%", with: "%25").replacing("\n", with: "%0A")
        return "\(takenAt.text) \(expiresAt.text) \(Data(keys).base64EncodedString()) \(whose) \(place)"
    }

    fileprivate init?(_ line: String) {
        let parts = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, let takenAt = Instant(parts[0]), let expiresAt = Instant(parts[1]),
            let keys = Data(base64Encoded: parts[2])
        else { return nil }
        let whose = parts[3] == "-" ? [] : parts[3].split(separator: ",")
        let organizations = whose.compactMap { UUID(text: String($0)) }
        guard organizations.count == whose.count else { return nil }
        self.init(
            takenAt: takenAt, expiresAt: expiresAt, keys: [UInt8](keys), organizations: organizations,
            folder: parts[4].replacing("%0A", with: "\n").replacing("%25", with: "%"))
    }
}
